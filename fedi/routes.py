"""Every URL of the node, one line each: start reading here.

Ids are for ever: `/actor /g/NAME /p/NAME /o/KEY /c/KEY /a/KEY` and what hangs below them.
`negotiate` gives machines a document and people a page at the same address; `shared` gives all
who ask the same within a few seconds one answer.
"""

from aiohttp.web import AbstractRouteDef, Application, get, post

from fedi.web import (
    actor_documents,
    client,
    documents,
    feeds,
    files,
    health,
    metrics,
    mirrors,
    wellknown,
)
from fedi.web.middleware import for_servers
from fedi.web.negotiate import negotiate
from fedi.web.pages import (
    accessibility,
    arranging,
    authorize,
    bookmarks,
    closing,
    codes,
    data,
    drafts,
    evidence,
    follows,
    groups,
    history,
    home,
    interact,
    join,
    language,
    likers,
    live,
    media,
    members,
    messages,
    moderation,
    names,
    networks,
    notifications,
    open_debate,
    passkeys,
    person,
    proof,
    readings,
    recover,
    report,
    search,
    security,
    settings,
    setup,
    sign_in,
    squares,
    styles,
    tags,
    thread,
)
from fedi.web.pages.admin import (
    acts,
    audit,
    choosing,
    decisions,
    held,
    invitations,
    journal,
    people,
    reports,
    servers,
    storage,
)
from fedi.web.pages.admin import groups as group_settings
from fedi.web.pages.admin import index as administration
from fedi.web.pages.admin import mail as letters
from fedi.web.pages.admin import members as accounts
from fedi.web.sharing import shared
from inbox import owner, views

Routes = tuple[AbstractRouteDef, ...]

DISCOVERY: Routes = (
    get("/.well-known/webfinger", wellknown.webfinger),
    get("/.well-known/host-meta", wellknown.host_meta),
    get("/.well-known/nodeinfo", wellknown.nodeinfo_links),
    get("/nodeinfo/2.1", wellknown.nodeinfo),
)

ACTORS: Routes = (
    get("/actor", shared(actor_documents.actor)),
    get("/actor/followers", actor_documents.followers),
    get("/actor/following", actor_documents.following),
    get("/actor/outbox", actor_documents.outbox),
    get("/g/{name}", negotiate(shared(actor_documents.actor), shared(groups.show))),
    get("/g/{name}/qr.svg", squares.group),
    get("/g/{name}/followers", actor_documents.followers),
    get("/g/{name}/following", actor_documents.following),
    get("/g/{name}/outbox", actor_documents.outbox),
    get("/g/{name}/featured", actor_documents.featured),
    get("/g/{name}/moderators", actor_documents.moderators_of),
    get("/p/{name}", negotiate(shared(actor_documents.actor), shared(person.show))),
    get("/p/{name}/followers", actor_documents.followers),
    get("/p/{name}/following", actor_documents.following),
    get("/p/{name}/outbox", actor_documents.outbox),
)

receive = for_servers(views.post_inbox)

#: What actors hear from other servers, and what members' own programs read and say.
INBOXES: Routes = (
    post("/inbox", receive),
    post("/actor/inbox", receive),
    post("/g/{name}/inbox", receive),
    post("/p/{name}/inbox", receive),
    get("/p/{name}/inbox", owner.read_inbox),
    post("/p/{name}/outbox", client.post_outbox),
)

#: Posts, threads, activities.
OBJECTS: Routes = (
    get("/o/{key}", negotiate(shared(documents.post), thread.find)),
    get("/o/{key}/replies", documents.replies),
    get("/o/{key}/likes", documents.likes),
    get("/o/{key}/shares", documents.shares),
    get("/c/{key}", negotiate(documents.context, thread.find)),
    get("/c/{key}/history", documents.history),
    get("/a/{key}", shared(documents.activity)),
    get("/m", shared(mirrors.index)),
    get("/m/{address:.+}", shared(mirrors.show)),
)

FEEDS: Routes = (
    get("/feed.atom", shared(feeds.network)),
    get("/g/{name}/feed.atom", shared(feeds.group)),
    get("/c/{key}/feed.atom", shared(feeds.thread, by_key=True)),
)

HEALTH: Routes = (
    get("/livez", for_servers(health.live)),
    get("/readyz", for_servers(health.ready)),
    get("/metrics", metrics.metrics),
)

#: What everybody may read.
PAGES: Routes = (
    get("/", shared(home.show)),
    get("/groups", shared(groups.index)),
    get("/networks", shared(networks.show)),
    get("/search", search.show),
    get("/opensearch.xml", shared(search.describe)),
    get("/members", shared(members.index)),
    get("/d/{key}", thread.show),
    get("/d/{key}/{slug}", shared(thread.show, by_key=True)),
    get("/live/{key}", live.follow),
    get("/accessibility", shared(accessibility.show)),
    get("/tags", shared(tags.index)),
    get("/posts/{key}/history", history.show),
    get("/threads/{key}/evidence", evidence.show),
    get("/posts/{key}/likes", likers.show),
    get("/media/{name}", media.show),
    get("/moderation", shared(moderation.show)),
    get("/posts/{key}/removed", moderation.show_removed),
    get("/networks.css", styles.colours),
    get("/mark.svg", styles.icon),
    get("/static/{name:.+}", for_servers(files.show)),
    post("/language", language.choose),
)

#: What members do, and visitors who have their home elsewhere.
TAKING_PART: Routes = (
    get("/sign-in", sign_in.show),
    post("/sign-in", sign_in.enter),
    post("/sign-out", sign_in.leave),
    get("/left", data.left),
    get("/setup/{token}", setup.show),
    post("/setup/{token}", setup.begin),
    get("/open", open_debate.show),
    post("/open", open_debate.publish),
    get("/threads/{key}/close", closing.ask),
    post("/threads/{key}/close", closing.close),
    post("/threads/{key}/reopen", closing.reopen),
    get("/threads/{key}/arrange", arranging.choose),
    get("/threads/{key}/{act:split|merge|move}", arranging.ask),
    post("/threads/{key}/{act:split|merge|move}", arranging.carry_out),
    post("/acts/{key}/undo", arranging.take_back),
    get("/posts/{key}/reply", messages.ask_reply),
    post("/posts/{key}/reply", messages.reply),
    get("/posts/{key}/edit", messages.ask_edit),
    post("/posts/{key}/edit", messages.edit),
    get("/posts/{key}/delete", messages.ask_delete),
    post("/posts/{key}/delete", messages.delete),
    post("/posts/{key}/like", messages.add_like),
    post("/posts/{key}/unlike", messages.remove_like),
    get("/settings", settings.show),
    post("/settings/profile", settings.change_profile),
    post("/settings/hats", settings.speak_for),
    post("/settings/hats/remove", settings.stop_speaking_for),
    post("/follow", follows.start),
    post("/unfollow", follows.stop),
    post("/networks", networks.follow),
    post("/networks/more", networks.ask_for_more),
    get("/report", report.ask),
    get("/report/{key}", report.ask),
    post("/report", report.send),
    get("/reports/{key}", report.show),
    get("/decisions", moderation.about_me),
    get("/decisions/{key}", moderation.show_decision),
    post("/decisions/{key}", moderation.send_appeal),
    get("/authorize_interaction", authorize.show),
    get("/interact", interact.show),
    post("/interact", interact.go),
)

#: What a member has of their own.
OWN: Routes = (
    get("/threads/{key}/new", readings.go_to_first_new),
    post("/threads/{key}/read", readings.read_thread),
    post("/threads/{key}/attention", readings.attend),
    post("/read", readings.read_all),
    get("/bookmarks", bookmarks.index),
    post("/posts/{key}/bookmark", bookmarks.add),
    post("/posts/{key}/unbookmark", bookmarks.remove),
    get("/drafts", drafts.index),
    post("/drafts/{place}", drafts.keep),
    post("/drafts/{place}/discard", drafts.discard),
    get("/names", names.find),
    get("/settings/data", data.show),
    post("/settings/data", data.ask),
    get("/settings/data/{key}", data.fetch),
    post("/settings/data/leave", data.leave),
    get("/notifications", notifications.show),
    get("/notifications/live", notifications.follow),
    post("/notifications/read", notifications.mark),
    post("/notifications/kinds", notifications.choose),
    post("/notifications/requests", notifications.answer),
)

#: Who may join, and letters to them.
ACCOUNTS: Routes = (
    get("/join", join.show),
    post("/join", join.ask),
    get("/join/{token}", join.show),
    post("/join/{token}", join.ask),
    get("/confirm/{token}", join.ask_to_confirm),
    post("/confirm/{token}", join.do_confirm),
    get("/sign-in/link", recover.show),
    post("/sign-in/link", recover.ask),
    get("/enter/{token}", recover.ask_to_enter),
    post("/enter/{token}", recover.enter),
    get("/password/{token}", recover.ask_password),
    post("/password/{token}", recover.choose_password),
    get("/address/{token}", security.ask_to_confirm),
    post("/address/{token}", security.confirm_address),
    post("/sign-in/code", proof.take_step),
    get("/settings/proof", proof.ask),
    post("/settings/proof", proof.give),
    get("/settings/security", security.show),
    post("/settings/security/sessions", security.revoke),
    post("/settings/security/password", security.change_password),
    post("/settings/security/address", security.change_address),
    get("/settings/codes", codes.show),
    post("/settings/codes", codes.begin),
    post("/settings/codes/confirm", codes.confirm),
    post("/settings/passkeys", passkeys.add),
    post("/settings/passkeys/challenge", passkeys.begin),
    post("/settings/passkeys/remove", passkeys.remove),
    post("/sign-in/passkey", passkeys.sign),
    post("/sign-in/passkey/challenge", passkeys.ask),
    get("/admin/mail", letters.show),
    get("/admin/members", accounts.index),
    post("/admin/members", accounts.change),
    get("/admin/invitations", invitations.show),
    post("/admin/invitations", invitations.create),
    post("/admin/invitations/withdraw", invitations.remove),
    post("/admin/invitations/requests", invitations.answer),
)

#: What administrators and moderators look after.
ADMINISTRATION: Routes = (
    get("/admin", administration.show),
    get("/admin/reports", reports.index),
    get("/admin/reports/{key}", reports.show),
    post("/admin/reports/{key}", reports.handle),
    get("/admin/acts/{name}", acts.ask),
    post("/admin/acts/{name}", acts.do),
    get("/admin/decisions", decisions.index),
    get("/admin/decisions/{key}", decisions.show),
    post("/admin/decisions/{key}", decisions.answer),
    get("/admin/people/{name}", people.show),
    post("/admin/people/{name}", people.change),
    get("/admin/held", held.index),
    post("/admin/held/{key}", held.choose),
    get("/admin/groups", group_settings.index),
    post("/admin/groups", group_settings.create),
    get("/admin/groups/{name}", group_settings.show),
    post("/admin/groups/{name}", group_settings.change),
    get("/admin/servers", servers.index),
    get("/admin/servers/{name}", servers.show),
    get("/admin/server-lists", servers.ask_list),
    post("/admin/server-lists", servers.take_list),
    get("/admin/server-lists/{name}", servers.give_list),
    get("/admin/journal", journal.index),
    get("/admin/journal/{key}", journal.show),
    get("/admin/start", choosing.overview),
    get("/admin/start/{step}", choosing.show),
    post("/admin/start/{step}", choosing.save),
    get("/admin/appearance", choosing.show),
    post("/admin/appearance", choosing.save),
    get("/admin/settings", choosing.show),
    post("/admin/settings", choosing.save),
    get("/admin/storage", storage.show),
    get("/admin/audit", audit.show),
    get("/admin/audit/{name}", audit.export),
)


def add_watching(app: Application) -> None:
    """Give a process that only works the addresses from which it is watched."""
    app.add_routes(HEALTH)


def add_routes(app: Application) -> None:
    """Give every address its handler."""
    for part in (
        DISCOVERY,
        ACTORS,
        INBOXES,
        OBJECTS,
        FEEDS,
        HEALTH,
        PAGES,
        TAKING_PART,
        OWN,
        ACCOUNTS,
        ADMINISTRATION,
    ):
        app.add_routes(part)
