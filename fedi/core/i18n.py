"""Words in the reader's language: translations, dates, typography.

The source strings are English; a catalogue is a gettext `.po` file, read when the
program starts.  French punctuation is spaced here, once, so that nobody has to
type invisible characters into a catalogue.
"""

import gettext
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from fedi.core.numerals import spell

NAMES = {"fr": "Français", "en": "English"}
#: Babel knows them too, with 2 MB of other things about each language.
MONTHS = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
           "octobre", "novembre", "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
}  # fmt: skip
WEEKDAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MAX_HEADER = 1000

_NARROW = re.compile(r" (?=[;!?])")
_WIDE = re.compile(r" (?=[:»])|(?<=«) ")
_TAG = re.compile(r"(<[^>]*>)")


def N_(message: str) -> str:
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


def space_french(text: str) -> str:
    """Make the spaces around `; ! ? : « »` unbreakable; none is added, none is removed.

    Only French puts spaces there, so a text of any language may go through.
    """
    return _WIDE.sub(NO_BREAK_SPACE, _NARROW.sub(NARROW_SPACE, text))


def space_french_html(html: str) -> str:
    """The same for HTML; tags are left alone, and so is code: people copy its spaces."""
    if "<code" in html or "<pre" in html:
        return html
    parts = _TAG.split(html)
    parts[::2] = map(space_french, parts[::2])
    return "".join(parts)


@dataclass(frozen=True)
class Language:
    """One language of the interface."""

    tag: str
    catalogue: gettext.NullTranslations
    zone: tzinfo | None = None  # None: the machine's own

    @property
    def name(self) -> str:
        """What the language is called in itself."""
        return NAMES[self.tag]

    def gettext(self, message: str) -> str:
        """Translate; an unknown message comes back as it is."""
        return self.catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Translate, in the form that agrees with a number."""
        return self.catalogue.ngettext(singular, plural, number)

    def pgettext(self, context: str, message: str) -> str:
        """Translate a word that means different things in different places."""
        return self.catalogue.pgettext(context, message)

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        """Translate such a word, in the form that agrees with a number."""
        return self.catalogue.npgettext(context, singular, plural, number)

    def count(self, singular: str, plural: str, number: int) -> str:
        """Translate a sentence whose `%(num)d` is the number it agrees with."""
        return self.ngettext(singular, plural, number) % {"num": number}

    # --- moments ---------------------------------------------------------------------

    def midnight(self, day: date) -> datetime:
        """When a day begins here."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def local(self, moment: datetime) -> datetime:
        """The moment on the clock of the place where this node lives."""
        return moment.astimezone(self.zone)

    def day(self, moment: datetime, *, year: bool = True) -> str:
        """`5 octobre 2026`, or `5 octobre`; the first of a French month is `1er`."""
        date = self.local(moment).date()
        number = "1er" if self.tag == "fr" and date.day == 1 else str(date.day)
        words = [number, MONTHS[self.tag][date.month - 1], *([str(date.year)] if year else [])]
        return " ".join(words)

    def time(self, moment: datetime) -> str:
        """`9 h 15`, or `9:15 am`."""
        local, space = self.local(moment), NO_BREAK_SPACE
        if self.tag == "fr":
            return f"{local.hour}{space}h{space}{local.minute:02}"
        half = "pm" if local.hour >= 12 else "am"
        return f"{local.hour % 12 or 12}:{local.minute:02}{space}{half}"

    def short_day(self, moment: datetime, now: datetime) -> str:
        """The day, with its year unless that is the current one."""
        return self.day(moment, year=self.local(moment).year != self.local(now).year)

    def full(self, moment: datetime) -> str:
        """Day and hour, as a title tells them."""
        parts = {"day": self.day(moment), "time": self.time(moment)}
        return self.gettext("%(day)s at %(time)s") % parts

    def ago(self, moment: datetime, now: datetime) -> str:
        """When it was, as one says it: two minutes ago, yesterday, on Friday, on 8 November."""
        past, days = self._distance(moment, now)
        if past < timedelta(minutes=1):
            return self.gettext("just now")
        if past < timedelta(hours=1):
            return self.count("%(num)d minute ago", "%(num)d minutes ago", past.seconds // 60)
        if days < 1:
            hours = max(1, past.seconds // 3600)
            return self.count("%(num)d hour ago", "%(num)d hours ago", hours)
        if days == 1:
            return self.gettext("yesterday")
        if days < 7:
            return self.gettext("on %(weekday)s") % {"weekday": self._weekday(moment)}
        return self.gettext("on %(day)s") % {"day": self.short_day(moment, now)}

    def since(self, moment: datetime, now: datetime) -> str:
        """Since when it lasts: for ten minutes, since yesterday, since Tuesday."""
        past, days = self._distance(moment, now)
        if past < timedelta(hours=1):
            minutes = max(1, past.seconds // 60)
            return self.count("for %(num)d minute", "for %(num)d minutes", minutes)
        if days < 1:
            return self.count("for %(num)d hour", "for %(num)d hours", past.seconds // 3600)
        if days == 1:
            return self.gettext("since yesterday")
        if days < 7:
            return self.gettext("since %(weekday)s") % {"weekday": self._weekday(moment)}
        return self.gettext("since %(day)s") % {"day": self.short_day(moment, now)}

    def later(self, gap: timedelta) -> str:
        """The silence between two replies, two weeks or more, in words: three weeks later."""
        if gap.days < 60:
            number, feminine = gap.days // 7, True
            text = self.ngettext("%(number)s week later", "%(number)s weeks later", number)
        elif gap.days < 730:
            number, feminine = gap.days // 30, False
            text = self.ngettext("%(number)s month later", "%(number)s months later", number)
        else:
            number, feminine = gap.days // 365, False
            text = self.ngettext("%(number)s year later", "%(number)s years later", number)
        return text % {"number": spell(number, self.tag, feminine=feminine)}

    def _distance(self, moment: datetime, now: datetime) -> tuple[timedelta, int]:
        """How far back it was, and how many midnights ago."""
        days = (self.local(now).date() - self.local(moment).date()).days
        return max(now - moment, timedelta()), days

    def _weekday(self, moment: datetime) -> str:
        return WEEKDAYS[self.tag][self.local(moment).weekday()]

    # --- text ------------------------------------------------------------------------

    def enumerate(self, names: Sequence[str]) -> str:
        """`A`, `A and B`, `A, B and C`."""
        if len(names) < 2:
            return "".join(names)
        ends = {"first": ", ".join(names[:-1]), "last": names[-1]}
        return self.gettext("%(first)s and %(last)s") % ends


def read_language(folder: Path, tag: str) -> Language:
    """Read a language's catalogue, `TAG/LC_MESSAGES/messages.po` in `folder`."""
    with (folder / tag / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=tag)
    if tag == "fr":
        for message in catalogue:
            if isinstance(message.string, str):
                message.string = space_french(message.string)
            elif message.string is not None:
                message.string = [space_french(form) for form in message.string]
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(tag, gettext.GNUTranslations(compiled))


def choose(header: str, offered: Sequence[str]) -> str:
    """The tag of `offered` that an `Accept-Language` header prefers; the first when it names none.

    Quality values count (RFC 9110, 12.5.4); regions do not: `fr-CA` is French.
    """
    if not header:
        return offered[0]
    wishes: list[tuple[float, int, str]] = []
    for part in header[:MAX_HEADER].split(","):
        tag, _, quality = part.replace(" ", "").partition(";q=")
        primary = tag.partition("-")[0].lower()
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if primary in offered and weight > 0:
            wishes.append((-weight, len(wishes), primary))
    return min(wishes)[2] if wishes else offered[0]
