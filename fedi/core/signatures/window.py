"""How long a signature is good for.

A captured request can be sent again as long as its date is accepted, and an honest clock
can be wrong: an hour each way is what Mastodon grants.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from fedi.core.signatures.errors import BadSignature

SKEW = timedelta(hours=1)
LONGEST_LIFE = timedelta(hours=12)

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_HTTP_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), "
    rf"([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) GMT"
)


def write_date(moment: datetime) -> str:
    """Write an HTTP date (RFC 9110 §5.6.7, IMF-fixdate)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@lru_cache(maxsize=64)  # what arrives together was sent in the same few seconds
def read_date(text: str) -> datetime:
    """Read an HTTP date; the obsolete forms of RFC 9110 are refused with `BadSignature`."""
    match = _HTTP_DATE.fullmatch(text)
    if match is None:
        raise BadSignature("bad-date")
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError as error:
        raise BadSignature("bad-date") from error


def check_date(text: str, now: datetime) -> None:
    """Refuse a request whose Date is more than an hour away from `now`."""
    date = read_date(text)
    if date < now - SKEW:
        raise BadSignature("stale")
    if date > now + SKEW:
        raise BadSignature("future")


def check_lifetime(created: int | None, expires: int | None, now: datetime) -> None:
    """Refuse a signature outside the life its sender gave it, in seconds since 1970.

    Without `expires` it lives for an hour, with it for twelve at most.  An expiry is the
    sender's own word and gets no grace.
    """
    if created is None and expires is None:
        return
    moment = now.timestamp()
    if created is not None:
        life = SKEW if expires is None else LONGEST_LIFE
        if created < moment - life.total_seconds():
            raise BadSignature("stale")
        if created > moment + SKEW.total_seconds():
            raise BadSignature("future")
    if expires is not None and expires < moment:
        raise BadSignature("expired")
