"""Keys under which the views of this room find what the roof lends them."""

from aiohttp.web import AppKey

from inbox.guard import Guard
from inbox.receive import Acceptor

ACCEPTOR = AppKey("acceptor", Acceptor)
GUARD = AppKey("guard", Guard)
