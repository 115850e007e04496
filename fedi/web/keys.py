"""Keys of what the roof lends to the pages, and of what a page knows of its reader."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp.web import AppKey, RequestKey

from fedi.accounts.sessions import Member
from fedi.core.choices import Chosen
from fedi.core.departure import Departure
from fedi.core.i18n import Language
from fedi.core.images import Gallery
from fedi.core.survey import Survey
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.web.kept import Kept, Lasting
from fedi.web.limits import Limits
from fedi.web.live import Live
from fedi.web.networks import KnownNetworks
from fedi.web.unread import Unread

#: Asks a network for debates that it has and that are unknown here; how many are on their way.
MORE_DEBATES: AppKey[Callable[[str], Awaitable[int]]] = AppKey("more_debates")
#: Finds a post by id or page URL, fetching it and what it answers when it is unknown here.
FIND_POST: AppKey[Callable[[str], Awaitable[Post | None]]] = AppKey("find_post")

#: The document of an activity that was received, by its id, while the node keeps it.
RECEIVED: AppKey[Callable[[Unit, str], Awaitable[bytes | None]]] = AppKey("received")

#: What administrators chose: name, languages, colours, who may join.
CHOSEN: AppKey[Chosen] = AppKey("chosen", Chosen)
#: The languages of the interface, by tag; those in use are chosen.
LANGUAGES: AppKey[Mapping[str, Language]] = AppKey("languages")
#: What the whole node has, for `/metrics`.
SURVEY: AppKey[Survey] = AppKey("survey", Survey)
#: Readers who keep a debate open.
LIVE: AppKey[Live] = AppKey("live", Live)
#: How far this process is on its way out.
DEPARTURE: AppKey[Departure] = AppKey("departure", Departure)
#: The networks that pages of debates name.
NETWORKS: AppKey[KnownNetworks] = AppKey("networks", KnownNetworks)
#: What NodeInfo counts.
USAGE: AppKey[Lasting[Mapping[str, Any]]] = AppKey("usage", Lasting)
#: Pieces of pages.
FRAGMENTS: AppKey[Kept[Any]] = AppKey("fragments", Kept)
#: How many things each member has not looked at.
UNREAD: AppKey[Unread] = AppKey("unread", Unread)
#: The folder of images.
GALLERY: AppKey[Gallery] = AppKey("gallery", Gallery)
#: How often who may do what.
LIMITS: AppKey[Limits] = AppKey("limits", Limits)

#: The language of this reader.
LANGUAGE: RequestKey[Language] = RequestKey("language", Language)
#: The member who is signed in, or None.
MEMBER: RequestKey[Member | None] = RequestKey("member")
#: How many things this member is told and has not looked at.
NEWS: RequestKey[int] = RequestKey("news", int)
#: What a form held that may be long; it can be read only once.
SENT: RequestKey[Mapping[str, str]] = RequestKey("sent")
#: The secret in the cookie of a session that holds.
SESSION: RequestKey[str | None] = RequestKey("session")
