"""One URL, two answers: a document for machines, a page for people."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.core.i18n import Language, choose
from fedi.core.vocab import ACTIVITY_JSON
from fedi.web.keys import CHOSEN, LANGUAGES

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_ACCEPT = 4096


def wants_document(request: web.Request) -> bool:
    """Whether the caller asked for ActivityStreams rather than a page.

    `application/ld+json` counts with or without its profile: nobody else asks for it here.
    """
    accept = ",".join(request.headers.getall(hdrs.ACCEPT, []))[:MAX_ACCEPT].lower()
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in (ACTIVITY_JSON, "application/ld+json") and "q=0" not in parameters:
            return True
    return False


def accepted_language(request: web.Request) -> Language:
    """The language of the interface that the caller's browser prefers."""
    offered = request.app[CHOSEN].now.languages
    tag = choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""), offered)
    return request.app[LANGUAGES][tag]


def negotiate(document: Handler, page: Handler) -> Handler:
    """Serve `document` to machines and `page` to browsers at the same URL.

    A page, and a HEAD without a media type (NodeBB sends one before it delivers), names
    the document in a `Link` header; that is how other servers get from one to the other.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        uri = request.app[NODE].site.url + request.rel_url.path
        if wants_document(request):
            response = await document(request)
        elif request.method == hdrs.METH_HEAD:
            response = await document(request)
            response = web.Response(status=response.status, content_type="text/html")
            name_document(response, uri)
        else:
            try:
                response = await page(request)
            except web.HTTPRedirection as redirection:
                name_document(redirection, uri)
                redirection.headers[hdrs.VARY] = hdrs.ACCEPT
                raise
            if hdrs.LINK not in response.headers:
                name_document(response, uri)
        response.headers.add(hdrs.VARY, hdrs.ACCEPT)
        return response

    return answer


def name_document(response: web.StreamResponse, uri: str) -> None:
    """Add the `Link` to the ActivityStreams document that says what this page shows."""
    response.headers[hdrs.LINK] = f'<{uri}>; rel="alternate"; type="{ACTIVITY_JSON}"'
