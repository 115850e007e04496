"""Acts of moderators in words: before they are done, and afterwards in the log that all read."""

from dataclasses import dataclass

from actors.models import Actor
from fedi.core.i18n import N_, Language
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.moderation.appeals import may_appeal
from fedi.moderation.models import Act, Decision
from fedi.web.networks import Networks
from fedi.web.people import Byline, byline_of


@dataclass(frozen=True)
class Words:
    """An act: the question before it, what will happen, the button, and the line in the log."""

    title: str
    sentence: str
    button: str
    done: str
    harms: bool = True


WORDS = {
    Act.HIDE: Words(
        N_("Hide this message?"),
        N_(
            "Nobody reads it here any more; a line with the reason stands where it was, and the "
            "replies stay. In a group of ours, the servers that follow it are told. It can be "
            "brought back."
        ),
        N_("Hide the message"),
        N_("A message was hidden"),
    ),
    Act.RESTORE: Words(
        N_("Bring this message back?"),
        N_("It is read again where it stood; servers that were told of its removal learn it."),
        N_("Bring it back"),
        N_("A message was brought back"),
        harms=False,
    ),
    Act.DELETE: Words(
        N_("Erase this message for good?"),
        N_(
            "Its words, its images and its earlier versions are erased, for moderators too; what a "
            "member wrote is taken back from every server. It cannot be undone: to take it out "
            "of sight, hide it instead."
        ),
        N_("Erase it for good"),
        N_("A message was erased"),
    ),
    Act.WARN: Words(
        N_("Warn this member?"),
        N_("They read the reason, and can answer it once. Nothing else changes for them."),
        N_("Send the warning"),
        N_("A member was warned"),
        harms=False,
    ),
    Act.SILENCE: Words(
        N_("Silence this person?"),
        N_(
            "They can still write, but the debates they open are not listed, and search does not "
            "find what they write. It can be taken back."
        ),
        N_("Silence them"),
        N_("Somebody was silenced"),
    ),
    Act.UNSILENCE: Words(
        N_("Let this person be heard again?"),
        N_("Their debates are listed again, and search finds what they write."),
        N_("Let them be heard"),
        N_("Somebody is heard again"),
        harms=False,
    ),
    Act.SUSPEND: Words(
        N_("Suspend this person?"),
        N_(
            "Nothing they wrote is shown here, and they can write nothing; a member cannot sign "
            "in, but reads the reason and can answer it once. It can be taken back."
        ),
        N_("Suspend them"),
        N_("Somebody was suspended"),
    ),
    Act.REINSTATE: Words(
        N_("Let this person in again?"),
        N_("What they wrote is shown again, and they can write."),
        N_("Let them in again"),
        N_("A suspension was lifted"),
        harms=False,
    ),
    Act.BLOCK: Words(
        N_("Block this server?"),
        N_(
            "Nothing is exchanged with it any more, nor with its sub-domains: what it sends is "
            "refused, and follows between it and us end. What it wrote before stays."
        ),
        N_("Block the server"),
        N_("A server was blocked"),
    ),
    Act.FILTER: Words(
        N_("Read what this server sends before it is shown?"),
        N_(
            "New messages from it wait until somebody who moderates has let them in; changes to "
            "earlier ones are not taken over."
        ),
        N_("Filter the server"),
        N_("A server is filtered"),
        harms=False,
    ),
    Act.OPEN: Words(
        N_("Treat this server like any other?"),
        N_("It takes part like all those about which nothing was decided."),
        N_("Open to the server"),
        N_("A server takes part like any other"),
        harms=False,
    ),
    Act.ALLY: Words(
        N_("Make this server an ally?"),
        N_(
            "It always takes part, even when only chosen servers may, and even when a larger "
            "domain that it belongs to is blocked."
        ),
        N_("Make it an ally"),
        N_("A server became an ally"),
        harms=False,
    ),
    Act.IMPORT: Words(
        N_("Take this list of servers over?"),
        N_("All of it is taken over at once, or nothing."),
        N_("Take the list over"),
        N_("A list of servers was taken over"),
    ),
    Act.LOCK: Words(
        N_("Close this debate?"),
        N_("Nobody answers in it any more, except those who moderate. It can be opened again."),
        N_("Close the debate"),
        N_("A debate was closed"),
    ),
    Act.UNLOCK: Words(
        N_("Open this debate again?"),
        N_("Everybody can answer in it again."),
        N_("Open it again"),
        N_("A debate was opened again"),
        harms=False,
    ),
}

#: By which role an act was done: the public log names no one.
ROLES = {
    "moderator": N_("by the moderation"),
    "administrator": N_("by the administration"),
    "group": N_("by those who look after the group"),
}


@dataclass(frozen=True)
class Told:
    """A decision with what it is about, for those who moderate and for the person concerned."""

    decision: Decision
    words: Words
    by: str  # a role in words
    post: Post | None
    post_path: str | None
    person: Byline | None
    judge: Byline | None
    may_appeal: bool


async def tell(unit: Unit, networks: Networks, decision: Decision, language: Language) -> Told:
    """Put a decision into words."""
    post = await unit.find(Post, id=decision.post_id) if decision.post_id else None
    thread = await thread_of(unit, post) if post is not None else None
    return Told(
        decision,
        WORDS[decision.act],
        by=language.gettext(ROLES[decision.role]),
        post=post,
        post_path=post_path(thread, post.key, depth=post.depth) if post and thread else None,
        person=await _byline(unit, networks, decision.actor_id),
        judge=await _byline(unit, networks, decision.by_id),
        may_appeal=may_appeal(decision),
    )


async def _byline(unit: Unit, networks: Networks, identity: int | None) -> Byline | None:
    actor = await unit.find(Actor, id=identity) if identity is not None else None
    return byline_of(networks, actor) if actor is not None else None
