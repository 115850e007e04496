"""The codes of the federation journal in words: what went wrong, and what it means."""

from actors.models import JournalEntry
from fedi.core.i18n import N_, Language

_WORDS = {
    "peer-blocked": N_("It is blocked here, so nothing was taken."),
    "actor-suspended": N_("It was written by somebody who is suspended here."),
    "suspended": N_("It was written by somebody who is suspended here."),
    "deliver-refused": N_("It refused what we sent."),
    "refused": N_("It refused what we sent, for good."),
    "given-up": N_("It did not answer for two weeks; what waited for it was given up."),
    "given up": N_("It did not answer for two weeks; what waited for it was given up."),
    "parked": N_(
        "We could not make sense of it after five attempts; it is kept for somebody to look."
    ),
    "unverified": N_("Nobody vouched for it: neither its signature nor the server of its author."),
    "unreadable": N_("Its signature cannot be read."),
    "signature": N_("Its signature does not hold."),
    "digest": N_("It was changed on its way: the digest is another."),
    "date": N_("It was signed too long ago, or its clock is wrong."),
    "actor-gone": N_("The person who signed it is gone from their server."),
    "private-address": N_("Its address leads into a private network, where we do not go."),
    "forbidden-address": N_("Its address leads where we do not go."),
    "dns": N_("Its name is known to no name server."),
    "connect": N_("No connection to it could be made."),
    "connection": N_("The connection to it broke."),
    "tls": N_("Its certificate does not hold: we do not speak to it before that is mended."),
    "time-out": N_("It took too long to answer."),
    "not-found": N_("What we asked for is not there."),
    "gone": N_("What we asked for is no longer there."),
    "redirect": N_("It leads elsewhere, in a way that we do not follow."),
    "redirect-origin": N_("It leads to another server, which we do not follow."),
    "redirect-loop": N_("It leads in circles."),
    "content-too-large": N_("What it sent is too large."),
    "too-large": N_("What it sent is too large."),
    "media-type": N_("What it sent is not of the kind that servers exchange."),
    "budget-gets": N_("It asked for more look-ups than one message is worth."),
    "budget-hosts": N_("It asked for look-ups on more servers than one message is worth."),
    "budget-time": N_("To look it up took longer than one message is worth."),
    "id-mismatch": N_("What it showed bears another address than the one we asked for."),
    "id-origin": N_("It speaks of something that belongs to another server."),
    "own-actor": N_("It claims to be one of our own members."),
    "too-many-keys": N_("It was asked for too many keys; we wait a while."),
    "not-the-author": N_("Somebody wanted to change what others wrote."),
    "not-its-debate": N_("A group wanted to decide about a debate that is not its own."),
    "unknown-object": N_("It is about something that we do not know."),
    "unknown-actor": N_("Nobody could tell who wrote it."),
    "unknown-type": N_("It is of a kind that we do not know."),
    "unrelated": N_("It has nothing to do with what is debated here."),
    "retracted": N_("Its author had taken it back before it came."),
    "nothing-of-ours": N_("It reports nothing that was written here."),
    "too-many": N_("It sent more than we take in a minute."),
    "overloaded": N_("We had too much to do; it will come again."),
}
#: Families of codes, by how they begin.
_FAMILIES = {
    "key": N_("The key it was signed with could not be had, or is not its author’s."),
    "json": N_("It is not written as documents between servers are."),
    "url": N_("It holds an address that cannot be."),
    "webfinger": N_("Its directory gives no answer that holds."),
    "object": N_("What it is about cannot be read."),
    "http": N_("It answered with an error."),
    "signature": N_("Its signature does not hold."),
    "digest": N_("It was changed on its way: the digest is another."),
    "date": N_("It was signed too long ago, or its clock is wrong."),
    "actor": N_("Who wrote it cannot be read."),
}


def trouble_in_words(entry: JournalEntry, language: Language) -> str:
    """A sentence for a line of the journal; of a code that nobody foresaw, the least one."""
    return code_in_words(entry.code, language, sent=entry.direction == "out")


def code_in_words(code: str, language: Language, *, sent: bool = False) -> str:
    """A sentence for a code; `sent` tells which way it went."""
    sentence = _WORDS.get(code) or _FAMILIES.get(code.partition("-")[0])
    if sentence is None:
        sentence = N_("It could not be sent.") if sent else N_("It was not taken.")
    return language.gettext(sentence)
