"""The way to everything that administrators and moderators look after: a plain list of pages."""

from dataclasses import dataclass

from aiohttp import web

from fedi.core.i18n import N_
from fedi.web.render import render
from fedi.web.sessions import require_moderator


@dataclass(frozen=True)
class Entry:
    """A page of the list; moderators who are no administrators see those that are `for_all`."""

    path: str
    name: str
    sentence: str
    for_all: bool = False


#: In the order of how often they are needed; a page is listed once it has a route.
ENTRIES = (
    Entry(
        "/admin/reports",
        N_("Reports"),
        N_("What members, visitors and other servers ask us to look at."),
        for_all=True,
    ),
    Entry(
        "/admin/decisions",
        N_("Decisions and appeals"),
        N_("What was hidden, who was warned or suspended, and what they answer."),
        for_all=True,
    ),
    Entry("/admin/members", N_("Members"), N_("Who has an account here, and what they may do.")),
    Entry(
        "/admin/invitations",
        N_("Invitations"),
        N_("Links that let people join, and requests that wait for an answer."),
    ),
    Entry(
        "/admin/groups", N_("Groups"), N_("Working groups, who looks after them, what is pinned.")
    ),
    Entry(
        "/admin/servers",
        N_("Networks and servers"),
        N_("How the other servers are, and which ones may take part here."),
    ),
    Entry(
        "/admin/held",
        N_("Messages to read first"),
        N_("What filtered servers write, before anybody else reads it."),
        for_all=True,
    ),
    Entry(
        "/admin/journal",
        N_("Federation journal"),
        N_("What was refused or failed between us and others, in words."),
    ),
    Entry(
        "/admin/appearance",
        N_("Appearance"),
        N_("The name, the colour and the mark of the network."),
    ),
    Entry("/admin/settings", N_("Settings"), N_("Who may join, and which languages pages speak.")),
    Entry(
        "/admin/start", N_("First steps"), N_("What a new network decides, one page after another.")
    ),
    Entry("/admin/mail", N_("Mail"), N_("Letters that wait to be sent, with the links in them.")),
    Entry(
        "/admin/storage",
        N_("Storage and backups"),
        N_("How much room everything takes, and what is left."),
    ),
    Entry(
        "/admin/audit",
        N_("Audit log"),
        N_("Who did what on these pages, in an order that nobody can change."),
    ),
)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin"""
    member = require_moderator(request)
    there = {resource.canonical for resource in request.app.router.resources()}
    entries = [
        entry
        for entry in ENTRIES
        if entry.path in there and (entry.for_all or member.account.administers)
    ]
    return render(request, "admin/index.html", entries=entries)
