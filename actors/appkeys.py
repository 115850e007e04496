"""Keys under which the doors find what knows actors: who speaks, who is refused, what to tell."""

from aiohttp.web import AppKey

from actors.authenticate import Authenticator
from actors.journal import Journal
from actors.policies import Policies

AUTHENTICATOR = AppKey("authenticator", Authenticator)
POLICIES = AppKey("policies", Policies)
JOURNAL = AppKey("journal", Journal)
