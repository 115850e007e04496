"""Requests that change something come from our own pages.

Browsers say where a POST comes from (Fetch Metadata, Origin), and refuse to lie about it;
a member's forms carry a token of their session besides.  The cookie's `SameSite=Lax` is the
third lock.  Requests without a session have nothing to protect but the sign-in form, for
which the first lock is enough.
"""

import hashlib
import hmac

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden
from fedi.core.seal import Vault
from fedi.core.urls import Site
from fedi.web.keys import SESSION

FIELD = "token"


def form_token(vault: Vault, session: str) -> str:
    """What the forms of a session carry; it says nothing about the session's secret."""
    key = vault.key_for("form tokens")
    return hmac.new(key, session.encode(), hashlib.sha256).hexdigest()


def check_origin(request: web.Request, site: Site) -> None:
    """Raise `Forbidden` unless the browser says that a page of ours sent this."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        ours = fetch_site == "same-origin"
    else:
        ours = request.headers.get(hdrs.ORIGIN) == site.url
    if not ours:
        raise Forbidden("this form was not sent from a page of this site", code="cross-site")


def check_token(request: web.Request, given: object) -> None:
    """Raise `Forbidden` unless a member's form carries the token of their session."""
    session = request[SESSION]
    if session is None:
        return
    expected = form_token(request.app[NODE].vault, session)
    if not isinstance(given, str) or not hmac.compare_digest(expected, given):
        raise Forbidden("this form belongs to another session", code="bad-form-token")
