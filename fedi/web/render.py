"""Pages from templates: what every template can rely on."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp_jinja2
from aiohttp import hdrs, web
from jinja2 import PackageLoader, StrictUndefined

from fedi.core.appkeys import NODE
from fedi.core.config import Config
from fedi.core.i18n import Language, choose, read_language
from fedi.core.version import VERSION
from fedi.web import people
from fedi.web.csrf import FIELD, form_token
from fedi.web.keys import LANGUAGE, LANGUAGES, MEMBER, SESSION
from fedi.web.marks import mark

HERE = Path(__file__).parent
STATIC = HERE / "static"
LOCALE = HERE / "locale"
LANGUAGE_COOKIE = "language"


def set_up_templates(app: web.Application, config: Config) -> None:
    """Read catalogues and templates, and number the static files by what is in them."""
    languages: Mapping[str, Language] = {
        tag: read_language(LOCALE, tag) for tag in config.network.languages
    }
    app[LANGUAGES] = languages
    environment = aiohttp_jinja2.setup(
        app,
        loader=PackageLoader("fedi.web"),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        default_helpers=False,
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # added by the extension
    versions = number_files(STATIC)
    environment.globals |= {
        "static": lambda name: f"/static/{name}?v={versions[name]}",
        "config": config,
        "version": VERSION,
    }


def number_files(folder: Path) -> dict[str, str]:
    """A short hash of each file, so that browsers may keep it until it changes."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in files
    }


def render(
    request: web.Request, template: str, *, status: int = 200, **context: Any
) -> web.Response:
    """Answer with a page in the reader's language; no shared cache keeps it."""
    context = {**_frame(request), **context}
    response = aiohttp_jinja2.render_template(template, request, context, status=status)
    response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    response.headers[hdrs.CONTENT_LANGUAGE] = request[LANGUAGE].tag
    response.headers.add(hdrs.VARY, "Cookie, Accept-Language")
    return response


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
        "_": language.gettext,
        "gettext": language.gettext,
        "ngettext": language.ngettext,
        "pgettext": language.pgettext,
        "npgettext": language.npgettext,
        "count": language.count,
        "typeset": partial(people.typeset, language=language),
        "prose": partial(people.prose, language=language),
        "opening": partial(people.opening, language=language),
        "say": partial(say, language),
        "languages": request.app[LANGUAGES].values(),
        "network_mark": mark(f"{node.site.url}/"),
        "member": member,
        "member_byline": member and people.sketch(member.actor),
        "site": node.site,
        "now": node.clock(),
        "here": request.rel_url.raw_path_qs if asked else "/",
        "form_field": FIELD,
        "form_token": form_token(node.vault, session) if session else "",
    }


def say(language: Language, sentence: str) -> str:
    """A sentence of an error, translated, as it begins a line."""
    text = language.gettext(sentence)
    return text[:1].upper() + text[1:]
