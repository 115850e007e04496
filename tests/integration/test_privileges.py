"""Who may do what: every address of the node, asked by everybody; and what administrators leave.

The expectations are data.  A new route without a row fails here: say whom it is for.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from factories import FakeClock, make_group, make_remote_actor
from notes import receive
from sqlalchemy import func, select, text
from visitors import PASSWORD, Page, Site, Visitor, pages

from actors.models import Actor, Policy
from actors.policies import set_policy
from fedi.accounts.joining import invite, list_invitations
from fedi.accounts.models import Account, AccountRole, Application
from fedi.debates.filtering import waiting_posts
from fedi.debates.models.post import Post
from fedi.debates.threads import open_thread
from fedi.moderation.acts import act_on_person
from fedi.moderation.appeals import appeal
from fedi.moderation.models import Act, AuditEntry
from fedi.moderation.reports import write_report

#: The usual tracebacks, which print every variable, take seconds each.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
)

#: Whom an address lets in: visitors, members, moderators, administrators.
EVERYBODY, MEMBERS, MODERATORS, ADMINISTRATORS = "vmoa", "moa", "oa", "a"
#: Those that ask for something else than a session: a signature, a token.
PROGRAMS = ""

ROUTES = {
    EVERYBODY: """
        GET /.well-known/webfinger /.well-known/host-meta /.well-known/nodeinfo /nodeinfo/2.1
        GET /actor /actor/followers /actor/following /actor/outbox
        GET /g/{name}/qr.svg
        GET /g/{name} /g/{name}/followers /g/{name}/following /g/{name}/outbox /g/{name}/featured
        GET /g/{name}/moderators /p/{name} /p/{name}/followers /p/{name}/following /p/{name}/outbox
        GET /o/{key} /o/{key}/replies /o/{key}/likes /o/{key}/shares /c/{key} /c/{key}/history
        GET /a/{key} /m /m/{address} /feed.atom /g/{name}/feed.atom /c/{key}/feed.atom
        GET /livez /readyz /metrics / /groups /networks /search /opensearch.xml /members /d/{key}
        GET /d/{key}/{slug} /live/{key} /accessibility /tags /posts/{key}/history /posts/{key}/likes
        GET /media/{name} /networks.css /mark.svg /static/{name} /sign-in /setup/{token} /interact
        GET /threads/{key}/new /threads/{key}/evidence /moderation
        GET /posts/{key}/removed /report /report/{key}
        GET /reports/{key} /decisions/{key} /left
        GET /join /join/{token} /confirm/{token} /sign-in/link /enter/{token} /password/{token}
        POST /join /join/{token} /confirm/{token} /sign-in/link /enter/{token} /password/{token}
        GET /address/{token}
        POST /address/{token} /sign-in/code /sign-in/passkey /sign-in/passkey/challenge
        POST /language /sign-in /sign-out /setup/{token} /interact /report /decisions/{key}
    """,
    MEMBERS: """
        GET /decisions /threads/{key}/close /threads/{key}/arrange /threads/{key}/{act}
        POST /threads/{key}/{act} /acts/{key}/undo
        GET /open /posts/{key}/reply /posts/{key}/edit /posts/{key}/delete /settings
        GET /authorize_interaction /bookmarks /drafts /names /notifications /notifications/live
        POST /threads/{key}/close /threads/{key}/reopen /networks/more
        GET /settings/proof /settings/security /settings/codes
        POST /settings/proof /settings/security/sessions /settings/security/password
        POST /settings/security/address /settings/codes /settings/codes/confirm
        POST /settings/passkeys /settings/passkeys/challenge /settings/passkeys/remove
        POST /open /posts/{key}/reply /posts/{key}/edit /posts/{key}/delete /posts/{key}/like
        POST /posts/{key}/unlike /settings/profile /settings/hats /settings/hats/remove /follow
        POST /notifications/read /notifications/kinds /notifications/requests
        POST /unfollow /threads/{key}/read /threads/{key}/attention /read /posts/{key}/bookmark
        GET /settings/data /settings/data/{key}
        POST /settings/data /settings/data/leave
        POST /posts/{key}/unbookmark /drafts/{place} /drafts/{place}/discard
    """,
    MODERATORS: """
        GET /admin /admin/reports /admin/reports/{key} /admin/acts/{name} /admin/decisions
        GET /admin/decisions/{key} /admin/people/{name} /admin/held
        POST /admin/reports/{key} /admin/acts/{name} /admin/decisions/{key} /admin/held/{key}
    """,
    ADMINISTRATORS: """
        GET /admin/groups /admin/groups/{name} /admin/servers /admin/servers/{name}
        GET /admin/server-lists /admin/server-lists/{name} /admin/journal /admin/journal/{key}
        GET /admin/start /admin/start/{step} /admin/appearance /admin/settings
        POST /admin/start/{step} /admin/appearance /admin/settings
        GET /admin/storage /admin/audit /admin/audit/{name} /admin/mail /admin/members
        GET /admin/invitations
        POST /admin/members /admin/invitations /admin/invitations/withdraw
        POST /admin/invitations/requests
        POST /networks /admin/groups /admin/groups/{name} /admin/server-lists /admin/people/{name}
    """,
    PROGRAMS: """
        GET /p/{name}/inbox
        POST /inbox /actor/inbox /g/{name}/inbox /p/{name}/inbox /p/{name}/outbox
    """,
}
#: What is asked of the addresses; nothing of that name is there, so nobody is told more.
NAMES = {
    "name": "hide", "key": "0" * 26, "token": "x", "slug": "x", "place": "debate", "address": "x",
    "step": "network", "act": "split",
}  # fmt: skip


def expected() -> dict[str, str]:
    """Whom each route is for."""
    table = {}
    for whom, lines in ROUTES.items():
        for line in lines.split("\n"):
            method, *paths = line.split() or [""]
            table |= {f"{method} {path}": whom for path in paths}
    return table


def routes_of(site: Site) -> set[str]:
    """Every route there is, but those that answer to HEAD."""
    assert site.server.app is not None
    return {
        f"{route.method} {route.resource.canonical}"
        for route in site.server.app.router.routes()
        if route.method in ("GET", "POST") and route.resource is not None
    }


def is_let_in(page: Page) -> bool:
    """Whether the door opened; what is behind it may still be missing or refuse what was typed."""
    return page.status not in (401, 403, 415) and not page.path.startswith("/sign-in?")


@asynccontextmanager
async def staffed(tmp_path: Path) -> AsyncIterator[tuple[Site, dict[str, Visitor]]]:
    """A node, and one of each who may come to it."""
    async with pages(tmp_path, FakeClock()) as site:
        people = {
            "v": site.visitor(),
            "m": await site.member("elise"),
            "o": await site.member("nadia"),
            "a": await site.member("camille", admin=True),
        }
        async with site.node.db.unit() as unit:
            nadia = await account_of(unit, "nadia")
            nadia.role = AccountRole.MODERATOR
        yield site, people


async def account_of(unit, handle: str) -> Account:  # type: ignore[no-untyped-def]  # a unit
    query = select(Account).join(Actor, Actor.id == Account.actor_id).where(Actor.handle == handle)
    return (await unit.session.scalars(query)).one()


async def test_every_address_lets_in_whom_it_is_for_and_no_form_from_elsewhere(tmp_path: Path):
    async with staffed(tmp_path) as (site, people):
        table = expected()
        assert routes_of(site) == set(table), "each route has a row that says whom it is for"
        unexpected = []
        for route, whom in table.items():
            method, path = route.split()
            if path in ("/live/{key}", "/sign-out", "/sign-in"):
                continue  # it does not end, or it changes who asks
            path = path.format(**NAMES)
            for letter, visitor in people.items():
                page = await (visitor.get(path) if method == "GET" else visitor.send(path))
                if is_let_in(page) != (letter in whom):
                    unexpected.append((route, letter, page.status))
            if method == "POST" and whom:
                camille = people["a"]
                for fields, origin in (
                    ({"token": "0"}, camille.origin),
                    ({}, "https://evil.example"),
                ):
                    page = await camille.send(path, headers={"Origin": origin}, **fields)
                    if page.status != 403:
                        unexpected.append((route, origin, page.status))
        assert unexpected == []


HOME = "https://lisbon.example"

#: What is sent to each address of the administration, and where: it works, and leaves one entry.
#: Words in braces are keys of what `prepare` makes.
FORMS = (
    ("/admin/reports/{key}", "{report}", {"take": "1"}),
    ("/admin/reports/{key}", "{report}", {"answer": "Le message est masqué."}),
    ("/admin/acts/{name}", "hide", {"post": "{post}", "reason": "Publicité"}),
    ("/admin/acts/{name}", "restore", {"post": "{post}", "reason": "Erreur"}),
    ("/admin/acts/{name}", "lock", {"post": "{post}", "reason": "Trop chaud"}),
    ("/admin/acts/{name}", "unlock", {"post": "{post}", "reason": "Refroidi"}),
    ("/admin/acts/{name}", "warn", {"person": "omar", "reason": "Ton"}),
    ("/admin/acts/{name}", "silence", {"person": "omar", "reason": "Ton"}),
    ("/admin/acts/{name}", "unsilence", {"person": "omar", "reason": "Mieux"}),
    ("/admin/acts/{name}", "suspend", {"person": "omar", "reason": "Ton", "until": "2026-12-31"}),
    ("/admin/acts/{name}", "reinstate", {"person": "omar", "reason": "Mieux"}),
    ("/admin/acts/{name}", "delete", {"post": "{post}", "reason": "Illégal"}),
    ("/admin/acts/{name}", "block", {"host": "spam.example", "reason": "Publicité"}),
    ("/admin/acts/{name}", "filter", {"host": "spam.example", "reason": "Essai"}),
    ("/admin/acts/{name}", "ally", {"host": "spam.example", "reason": "Amis"}),
    ("/admin/acts/{name}", "open", {"host": "spam.example", "reason": "Rien"}),
    ("/admin/decisions/{key}", "{decision}", {"grant": "1", "answer": "Oui."}),
    ("/admin/decisions/{key}", "{other}", {"uphold": "1", "answer": "Non."}),
    ("/admin/people/{name}", "omar", {"role": "moderator"}),
    ("/admin/held/{key}", "{held}", {"keep-out": "1"}),
    ("/admin/groups", "", {"handle": "velos", "name": "Vélos", "summary": "Rouler"}),
    ("/admin/groups/{name}", "velos", {"name": "Vélos et remorques"}),
    ("/admin/groups/{name}", "velos", {"person": "omar", "appoint": "1"}),
    ("/admin/groups/{name}", "velos", {"dismiss": "omar"}),
    ("/admin/groups/{name}", "climat", {"pin": "1", "post": "{pinned}"}),
    ("/admin/groups/{name}", "climat", {"unpin": "{pinned}"}),
    ("/admin/members", "", {"handle": "omar", "close": "1"}),
    ("/admin/invitations", "", {"uses": "2", "days": "3", "email": "ana@mail.example"}),
    ("/admin/invitations/withdraw", "", {"invitation": "{invitation}"}),
    ("/admin/invitations/requests", "", {"request": "{accepted}", "accept": "1"}),
    ("/admin/invitations/requests", "", {"request": "{refused}", "refuse": "1", "word": "Non"}),
    (
        "/admin/start/{step}",
        "network",
        {"name": "Tilios", "summary": "Faire", "language": "fr", "also-en": "on"},
    ),
    ("/admin/start/{step}", "networks", {"addresses": HOME + "/users/velo"}),
    ("/networks", "", {"address": HOME + "/users/velo", "confirm": "1"}),
    ("/admin/appearance", "", {"name": "Les Tilleuls", "theme": "#2B5A8C"}),
    ("/admin/settings", "", {"language": "en", "registration": "approval"}),
    (
        "/admin/server-lists",
        "",
        {"list": "a.example", "confirm": "1", "reason": "Liste"},
    ),
)


async def prepare(site: Site) -> dict[str, str]:
    """What the forms are about."""
    await site.account("omar")
    async with site.node.db.unit() as unit:
        omar, nadia = await account_of(unit, "omar"), await account_of(unit, "nadia")
        person = await unit.find(Actor, id=omar.actor_id)
        group, ana = await make_group(unit, "climat"), await make_remote_actor(unit, "ana", HOME)
        await make_remote_actor(unit, "velo", HOME, "Group")
        assert person is not None
        posts = []
        for title in ("Four", "Étau"):
            thread = await open_thread(unit, person, group, title=title, text="Le mien.")
            posts.append(await unit.find(Post, id=thread.root_id))
        invite(unit, nadia)
        asking = [
            unit.add(
                Application(
                    handle=name, email=f"{name}@mail.example", password_hash="x", name=name,
                    language="fr", reason="Pour voir", created_at=unit.now,
                )
            )
            for name in ("ines", "paul")
        ]  # fmt: skip
        await unit.flush()
        (invitation,) = await list_invitations(unit)
        report = await write_report(unit, reason="Publicité", post=posts[0])
        made = [await act_on_person(unit, nadia, Act.WARN, person, reason="Ton") for _ in range(2)]
        for decision in made:
            await appeal(unit, decision, "Je regrette.")
        await set_policy(unit, HOME, Policy.FILTERED)
        await receive(unit, ana, "one", inReplyTo=posts[0].uri)
        await unit.flush()
        ((held, _),) = await waiting_posts(unit, 2)
        return {
            "report": report.key, "post": posts[0].key, "pinned": posts[1].key,
            "decision": made[0].key, "other": made[1].key, "held": held.key,
            "invitation": str(invitation.id),
            "accepted": str(asking[0].id), "refused": str(asking[1].id),
        }  # fmt: skip


async def count_entries(site: Site) -> int:
    async with site.node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


async def everything(site: Site) -> str:
    """All that the database holds, but for when sessions were seen."""
    async with site.node.db.reading() as unit:
        tables = (await unit.session.scalars(text(TABLES))).all()
        rows = [
            (table, (await unit.session.execute(text(f'SELECT * FROM "{table}"'))).all())  # noqa: S608
            for table in tables
        ]
    return repr(rows)


TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%_index%' "
    "AND name NOT IN ('sessions') ORDER BY name"
)


@pytest.mark.sqlite
async def test_every_administrative_act_leaves_one_entry_in_its_own_transaction(tmp_path: Path):
    async with staffed(tmp_path) as (site, people):
        posts = {route for route in routes_of(site) if route.startswith("POST /admin")}
        posts.add("POST /networks")
        assert posts == {f"POST {path}" for path, _, _ in FORMS}, "each has a form here"
        keys, camille = await prepare(site), people["a"]
        for path, place, fields in FORMS:
            where = re.sub(r"{\w+}", place.format(**keys), path)
            sent = {name: value.format(**keys) for name, value in fields.items()}
            async with site.node.db.unit() as unit:
                await unit.session.execute(text(
                    "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN "
                    "SELECT RAISE(ABORT, 'full'); END"
                ))  # fmt: skip
            before = await everything(site)
            page = await camille.send(where, **sent)
            assert page.status == 500, (where, sent, page.words)
            assert await everything(site) == before, f"{where} did something without an entry"
            async with site.node.db.unit() as unit:
                await unit.session.execute(text("DROP TRIGGER full"))
            entries = await count_entries(site)
            page = await camille.send(where, **sent)
            assert page.status == 200, (where, sent, page.words)
            assert await count_entries(site) == entries + 1, where
            if place == "suspend":
                page = await site.visitor().send("/sign-in", login="omar", password=PASSWORD)
                assert page.path.startswith("/decisions/"), "they read why, and may answer"
                page = await site.visitor().send(page.path, text="Je regrette.")
                assert "Je regrette." in page.words
