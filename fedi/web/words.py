"""Sentences of the interface that say how things are: servers, debates, messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from actors.models import Peer
from actors.peers import PeerHealth, health_of
from fedi.core.i18n import Language
from fedi.core.numerals import spell


@dataclass(frozen=True)
class Health:
    """How a server is doing: a sign for the eye, a sentence, and what that means."""

    css: str  # "", slow or down
    sentence: str
    detail: str


def health(peer: Peer, language: Language, now: datetime) -> Health:
    """Tell how a server is doing; the sign never says more than the sentence."""
    say = language.gettext
    state = health_of(peer, now)
    heard = max(filter(None, (peer.heard_at, peer.reached_at)), default=None)
    since = language.since(peer.failing_since, now) if peer.failing_since else ""
    match state:
        case PeerHealth.WELL if heard is not None:
            last = say("Last exchange %(when)s") % {"when": language.ago(heard, now)}
            return Health("", say("All is well"), last)
        case PeerHealth.TROUBLED:
            waits = say("What we send waits for it; nothing is lost")
            return Health("slow", say("No answer %(since)s") % {"since": since}, waits)
        case PeerHealth.SILENT:
            again = say("We go on trying for two weeks; nothing is lost until then")
            return Health("down", say("No answer %(since)s") % {"since": since}, again)
        case PeerHealth.LOST:
            gone = say("What waited for it was given up; its first sign of life resumes everything")
            return Health("down", say("No answer %(since)s") % {"since": since}, gone)
        case PeerHealth.BLOCKED:
            return Health("down", say("Blocked by this network"), "")
        case _:
            return Health("slow", say("Nothing exchanged yet"), "")


def replies_in_words(number: int, language: Language) -> str:
    """The heading above the replies: `Forty-eight replies`."""
    if number == 0:
        return language.gettext("No replies yet")
    text = language.ngettext("%(number)s reply", "%(number)s replies", number)
    words = text % {"number": spell(number, language.tag, feminine=True)}
    return words[:1].upper() + words[1:]


def news_in_words(number: int, language: Language) -> str:
    """What a page of a debate does not show yet: `3 new replies`."""
    text = language.ngettext("%(number)s new reply", "%(number)s new replies", number)
    return text % {"number": number}


def thread_in_words(
    opened_at: datetime,
    replies: int,
    *,
    networks: int,
    elsewhere: bool,
    keepers: int,
    language: Language,
) -> str:
    """One line about a debate: when it was opened, how many took part, who keeps it.

    `elsewhere` says whether somebody wrote from a server that is no network.
    """
    say = language.gettext
    parts = [say("Opened on %(day)s") % {"day": language.day(opened_at)}]
    if replies:
        heard = language.count("%(num)d reply", "%(num)d replies", replies)
        if networks > 1 or elsewhere:
            heard += " " + language.count("from %(num)d network", "from %(num)d networks", networks)
        if elsewhere:
            heard += " " + say("and from elsewhere")
        parts.append(heard)
    if keepers > 1:
        parts.append(language.count("kept by %(num)d network", "kept by %(num)d networks", keepers))
    return ", ".join(parts)


def stub_in_words(
    deleted_at: datetime,
    moderator: str | None,
    reason: str | None,
    language: Language,
    now: datetime,
) -> str:
    """What stands where a message was: who took it away, when, and why."""
    day = language.short_day(deleted_at, now)
    if moderator is None:
        return language.gettext("Message removed by its author on %(day)s.") % {"day": day}
    if not reason:
        text = language.gettext("Message removed on %(day)s by the moderation of %(name)s.")
        return text % {"day": day, "name": moderator}
    text = language.gettext("Message removed on %(day)s by the moderation of %(name)s: %(reason)s.")
    return text % {"day": day, "name": moderator, "reason": reason.rstrip(".")}


def names_in_words(names: Iterable[str], language: Language, *, shown: int = 3) -> str:
    """A few names, and how many more there are."""
    everybody = list(names)
    if len(everybody) <= shown + 1:
        return ", ".join(everybody)
    others = len(everybody) - shown
    return ", ".join(
        [*everybody[:shown], language.count("%(num)d other", "%(num)d others", others)]
    )


def host_in_words(url: str) -> str:
    """The server of an address, as a link that leads away from here names it."""
    return urlsplit(url).netloc


def notifications_in_words(count: int, language: Language) -> str:
    """How much a member has not looked at, for who cannot see the number."""
    if not count:
        return language.gettext("nothing new")
    return language.count("%(num)d new thing", "%(num)d new things", count)
