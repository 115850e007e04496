"""The key under which every door finds the node; declared once, below them all."""

from aiohttp.web import AppKey

from fedi.core.node import Node

NODE = AppKey("node", Node)
