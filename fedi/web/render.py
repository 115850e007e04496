"""Pages from templates: what every template can rely on."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp_jinja2
from aiohttp import hdrs, web
from aiohttp_jinja2 import get_env
from jinja2 import PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from fedi.core.appkeys import NODE
from fedi.core.config import Config
from fedi.core.i18n import Language, choose, read_language
from fedi.core.version import VERSION
from fedi.web import people
from fedi.web.csrf import FIELD, form_token
from fedi.web.kept import Kept
from fedi.web.keys import FRAGMENTS, LANGUAGE, LANGUAGES, MEMBER, NETWORKS, SESSION
from fedi.web.marks import mark
from fedi.web.negotiate import name_document
from fedi.web.networks import KnownNetworks
from fedi.web.sharing import SHARED, Shared

HERE = Path(__file__).parent
STATIC = HERE / "static"
LOCALE = HERE / "locale"
LANGUAGE_COOKIE = "language"
#: The feed of pages that have none of their own.
FEED = "/feed.atom"
#: Who may keep a page, and how long: a browser asks each time, and mostly has it already.
PRIVATE, PUBLIC = "private, no-cache", "public, max-age=0, s-maxage=5"
#: Bytes of rendered messages that a process keeps: those of 20 pages of debates, or more.
ROOM = 6 * 1024 * 1024
#: Stands in a page where a piece comes that was rendered before; nobody can write it.
_PLACE = Markup("<!--{}-->").format(secrets.token_hex(12))


def set_up_templates(app: web.Application, config: Config) -> None:
    """Read catalogues and templates, and number the static files by what is in them."""
    languages: Mapping[str, Language] = {
        tag: read_language(LOCALE, tag) for tag in config.network.languages
    }
    app[LANGUAGES] = languages
    app[NETWORKS] = KnownNetworks(app[NODE].signals)
    app[FRAGMENTS] = Kept(ROOM, "fragments")
    app[SHARED] = Shared(app[NODE].signals)
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
    versions = number_files(STATIC)
    environment.globals |= {
        "static": lambda name: f"/static/{name}?v={versions[name]}",
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


def number_files(folder: Path) -> dict[str, str]:
    """A short hash of each file, so that browsers may keep it until it changes."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in files
    }


def render(
    request: web.Request,
    template: str,
    *,
    status: int = 200,
    document: str = "",
    pieces: Iterable[Iterable[bytes]] = (),
    for_all: bool = False,
    **context: Any,
) -> web.Response:
    """Answer with a page in the reader's language.

    No shared cache keeps it, unless it is `for_all` who come without a cookie, and one did.
    `document` is the id of the ActivityStreams document that says the same to machines.
    `pieces` come in their order wherever the template says `{{ piece }}`.
    """
    context = {**_frame(request), "document": document, "piece": _PLACE, **context}
    page = get_env(request.app).get_template(template).render(context).encode()
    response = web.Response(
        status=status, body=_insert(page, pieces), content_type="text/html", charset="utf-8"
    )
    is_shared = for_all and hdrs.COOKIE not in request.headers
    response.headers[hdrs.CACHE_CONTROL] = PUBLIC if is_shared else PRIVATE
    response.headers[hdrs.CONTENT_LANGUAGE] = request[LANGUAGE].tag
    response.headers.add(hdrs.VARY, "Cookie, Accept-Language")
    if document:
        name_document(response, document)
    return response


def _insert(page: bytes, pieces: Iterable[Iterable[bytes]]) -> bytes:
    parts = page.split(_PLACE.encode())
    whole = [parts[0]]
    for piece, rest in zip(pieces, parts[1:], strict=True):
        whole += *piece, rest
    return b"".join(whole)


def choose_language(request: web.Request) -> Language:
    """The language the reader asked for: by cookie, then as a member, then by their browser."""
    languages = request.app[LANGUAGES]
    member = request[MEMBER]
    theirs = member.account.language if member is not None else None
    for wish in (request.cookies.get(LANGUAGE_COOKIE), theirs):
        if wish is not None and wish in languages:
            return languages[wish]
    accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
    return languages[choose(accepted, tuple(languages))]


def _frame(request: web.Request) -> Mapping[str, Any]:
    """What the frame of every page shows, and how its words are found and set."""
    node, language, session = request.app[NODE], request[LANGUAGE], request[SESSION]
    member = request[MEMBER]
    asked = request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
    return {
        "language": language,
        "count": language.count,
        "say": partial(say, language),
        "languages": request.app[LANGUAGES].values(),
        "network_mark": mark(node.site.actor("network", node.config.network.handle)),
        "member": member,
        "member_byline": member and people.sketch(member.actor),
        "site": node.site,
        "now": node.clock(),
        "feed": FEED,
        "here": request.rel_url.raw_path_qs if asked else "/",
        "form_field": FIELD,
        "form_token": form_token(node.vault, session) if session else "",
    }


def say(language: Language, sentence: str) -> str:
    """What an error says, translated, as a sentence of its own."""
    text = language.gettext(sentence)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
