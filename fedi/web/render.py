"""Pages from templates: what every template can rely on."""

from collections.abc import Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import hdrs, web
from aiohttp_jinja2 import get_env
from jinja2 import PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from fedi.core.appkeys import NODE
from fedi.core.choices import INTERFACE, Chosen
from fedi.core.config import Config
from fedi.core.i18n import Language, read_language
from fedi.core.version import VERSION
from fedi.web import people
from fedi.web.csrf import FIELD, form_token
from fedi.web.files import FILES, read_files
from fedi.web.kept import Kept, Lasting
from fedi.web.keys import (
    CHOSEN,
    FRAGMENTS,
    LANGUAGE,
    LANGUAGES,
    MEMBER,
    NETWORKS,
    NEWS,
    SESSION,
    UNREAD,
    USAGE,
)
from fedi.web.marks import mark
from fedi.web.negotiate import accepted_language, name_document
from fedi.web.networks import KnownNetworks
from fedi.web.sharing import SHARED, Shared
from fedi.web.shells import Piece, Shell, blank, shell
from fedi.web.unread import Unread
from fedi.web.words import notifications_in_words

HERE = Path(__file__).parent
STATIC = HERE / "static"
LOCALE = HERE / "locale"
LANGUAGE_COOKIE = "language"
#: The feed of pages that have none of their own.
FEED = "/feed.atom"
#: Who may keep a page, and how long: a browser asks each time, and mostly has it already.
PRIVATE, PUBLIC = "private, no-cache", "public, max-age=0, s-maxage=5"
#: Bytes of pieces of pages that a process keeps: a dozen pages of debates, or more.
ROOM = 6 * 1024 * 1024
#: Seconds for which NodeInfo tells the same: to count takes as long as there are posts.
USAGE_SECONDS = 300.0


def set_up_templates(app: web.Application, config: Config) -> None:
    """Read catalogues and templates, and number the static files by what is in them."""
    app[CHOSEN] = Chosen(app[NODE].db, config)
    app[LANGUAGES] = {tag: read_language(LOCALE, tag) for tag in INTERFACE}
    app[NETWORKS] = KnownNetworks(app[NODE].signals)
    app[FRAGMENTS] = Kept(ROOM, "fragments")
    app[USAGE] = Lasting(USAGE_SECONDS)
    app[SHARED] = Shared(app[NODE].signals)
    app[UNREAD] = Unread(app[NODE].signals)
    environment = aiohttp_jinja2.setup(
        app,
        loader=PackageLoader("fedi.web"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        default_helpers=False,
        auto_reload=False,  # it would look at ten files for a page
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )
    files = app[FILES] = read_files(STATIC)
    environment.globals |= {
        "static": lambda name: f"/static/{name}?v={files[name].version}",
        "typeset": people.typeset,
        "prose": people.prose,
        "opening_prose": people.opening,
        "config": config,
        "version": VERSION,
    }


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _spoken(context).gettext(message)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, number: int) -> str:
    return _spoken(context).ngettext(singular, plural, number)


@pass_context
def _pgettext(context: Context, where: str, message: str) -> str:
    return _spoken(context).pgettext(where, message)


@pass_context
def _npgettext(context: Context, where: str, singular: str, plural: str, number: int) -> str:
    return _spoken(context).npgettext(where, singular, plural, number)


def _spoken(context: Context) -> Language:
    """The language of the page that is being made; macros are imported `with context` for it."""
    language: Language = context["language"]
    return language


def render(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    document: str = "",
    for_all: bool = False,
    **context: Any,
) -> web.Response:
    """Answer with a page in the reader's language.

    No shared cache keeps it, unless it is `for_all` who come without a cookie, and one did.
    `document` is the id of the ActivityStreams document that says the same to machines.
    """
    context |= {"document": document, "now": request.app[NODE].clock(), "member": request[MEMBER]}
    page = (
        get_env(request.app)
        .get_template(template)
        .render({**_frame(request), **_own(request), **context})
    )
    return _answer(request, page.encode(), document, status=status, for_all=for_all)


def render_filled(
    request: web.Request,
    template: str,
    *,
    document: str,
    words: Mapping[str, str],
    pieces: Mapping[str, Piece],
    **context: Hashable,
) -> web.Response:
    """The same for a page that is `for_all` and set once for all of them.

    It is kept by its context.  `words` are the reader's own and stand, like `pieces`, in the
    page where the template names them; it is not told what they are, nor who reads, nor when.
    """
    kept: Kept[Shell] = request.app[FRAGMENTS]
    is_member, frame = request[MEMBER] is not None, _frame(request)
    about = request[LANGUAGE].tag, is_member, frame["moderates"], frame["ours"]
    key = template, *about, *context.items()
    words = {**words, **_own(request), "document": document}
    if (known := kept.get(key)) is None:
        blanks = {name: blank(name) for name in (*words, *pieces)}
        context |= {"member": is_member}
        page = get_env(request.app).get_template(template).render({**frame, **blanks, **context})
        known = shell(page)
        kept.keep(key, known, known.size)
    filled = known.fill(words, pieces)
    response = _answer(request, b"".join(filled.html), document, for_all=True)
    response.etag = filled.digest.hex()[:32]
    return response


def _answer(
    request: web.Request, page: bytes, document: str, *, status: int = 200, for_all: bool
) -> web.Response:
    response = web.Response(status=status, body=page, content_type="text/html", charset="utf-8")
    is_shared = for_all and hdrs.COOKIE not in request.headers
    response.headers[hdrs.CACHE_CONTROL] = PUBLIC if is_shared else PRIVATE
    response.headers[hdrs.CONTENT_LANGUAGE] = request[LANGUAGE].tag
    response.headers.add(hdrs.VARY, "Cookie, Accept-Language")
    if document:
        name_document(response, document)
    return response


def choose_language(request: web.Request) -> Language:
    """The language the reader asked for: by cookie, then as a member, then by their browser."""
    offered = request.app[CHOSEN].now.languages
    member = request[MEMBER]
    theirs = member.account.language if member is not None else None
    for wish in (request.cookies.get(LANGUAGE_COOKIE), theirs):
        if wish is not None and wish in offered:
            return request.app[LANGUAGES][wish]
    return accepted_language(request)


def _frame(request: web.Request) -> Mapping[str, Any]:
    """What the frame of every page shows, and how its words are found and set."""
    node, language, member = request.app[NODE], request[LANGUAGE], request[MEMBER]
    ours = request.app[CHOSEN].now
    return {
        "ours": ours,
        "language": language,
        "count": language.count,
        "say": partial(say, language),
        "languages": [request.app[LANGUAGES][tag] for tag in ours.languages],
        "network_mark": mark(node.site.actor("network", node.config.network.handle)),
        "moderates": member is not None and member.account.moderates,
        "site": node.site,
        "feed": FEED,
        "form_field": FIELD,
        "form_token": "",
    }


def _own(request: web.Request) -> dict[str, str]:
    """What the frame says of this reader, and of where they are."""
    asked = request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
    here = request.rel_url.raw_path_qs if asked else "/"
    member, session = request[MEMBER], request[SESSION]
    if member is None or session is None:
        leads_back = here != "/" and not here.startswith("/sign-")
        back = f"?next={quote(here)}" if leads_back else ""
        return {"here": here, "sign_in": f"/sign-in{back}"}
    me = people.sketch(member.actor)
    first, _, others = me.name.partition(" ")
    return {
        "here": here,
        "form_token": form_token(request.app[NODE].vault, session),
        "my_news": str(request[NEWS]),
        "my_news_in_words": notifications_in_words(request[NEWS], request[LANGUAGE]),
        "my_path": me.path,
        "my_portrait": me.portrait,
        "my_first_name": first,
        "my_other_names": others,
    }


def say(language: Language, sentence: str) -> str:
    """What an error says, translated, as a sentence of its own."""
    text = language.gettext(sentence)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
