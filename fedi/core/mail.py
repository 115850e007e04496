"""Mail: one letter as a message of two parts, and the server to which it is handed.

The library that speaks with the server is loaded when the first letter leaves: most nodes send a
few a day, and some none.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape
from importlib import import_module
from uuid import uuid4

from fedi.core.config import MailSection
from fedi.core.errors import Invalid, Unreachable
from fedi.core.text import strip_controls

MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
#: Seconds that the server has for each answer.
PATIENCE = 20.0

_ADDRESS = re.compile(
    r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"()\[\]\\.\x00-\x1f\x7f]+(\.[^\s@<>,;:\"()\[\]\\.\x00-\x1f\x7f]+)*"
)
_LINK = re.compile(r"https?://\S+")


class Undeliverable(Invalid):
    """The server of mail will never take this letter."""

    code = "undeliverable"


@dataclass(frozen=True)
class Mail:
    """What is said to whom; the text is paragraphs, a link in it stands on a line of its own."""

    recipient: str
    subject: str
    text: str
    language: str
    sender_name: str


def check_address(text: str) -> str:
    """An address as it is stored, in lower case; `Invalid` when it is none."""
    address = text.strip().lower()
    if len(address) > MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        raise Invalid("this e-mail address cannot be right", code="bad-email")
    return address


def compose(mail: Mail, sender: str, now: datetime) -> EmailMessage:
    """The message: text and HTML.  What people typed cannot add a header or a recipient."""
    message = EmailMessage()
    message["From"] = formataddr((strip_controls(mail.sender_name), check_address(sender)))
    message["To"] = check_address(mail.recipient)
    message["Subject"] = strip_controls(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{uuid4()}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine, please
    message.set_content(mail.text)
    message.add_alternative(_write_html(mail), subtype="html")
    message["Content-Language"] = mail.language  # the content would take it for its own
    return message


def _write_html(mail: Mail) -> str:
    paragraphs = "\n".join(
        f"<p>{_LINK.sub(_link, escape(part)).replace(chr(10), '<br>')}</p>"
        for part in mail.text.strip().split("\n\n")
    )
    return (
        f'<!doctype html>\n<html lang="{mail.language}"><head><meta charset="utf-8">'
        f"<title>{escape(mail.subject)}</title></head>\n<body>\n{paragraphs}\n</body></html>\n"
    )


def _link(found: re.Match[str]) -> str:
    return f'<a href="{found[0]}">{found[0]}</a>'


async def hand_over(config: MailSection, message: EmailMessage) -> None:
    """Give a message to the server of the settings.

    Raises `Undeliverable` when it refuses for good, `Unreachable` when the same may succeed later.
    """
    smtp = import_module("aiosmtplib")
    try:
        await smtp.send(
            message,
            hostname=config.host,
            port=config.port,
            username=config.username or None,
            password=config.password or None,
            use_tls=config.security == "tls",
            start_tls={"starttls": True, "tls": False, "none": False}[config.security],
            timeout=PATIENCE,
        )
    except smtp.SMTPRecipientsRefused as error:
        codes = [refused.code for refused in error.recipients]
        if all(code >= 500 for code in codes):
            raise Undeliverable(f"the server of mail refuses this address: {codes}") from error
        raise Unreachable("the server of mail does not take this address now") from error
    except smtp.SMTPResponseException as error:
        said = f"the server of mail said {error.code}: {error.message}"
        if error.code >= 500 and not isinstance(error, smtp.SMTPAuthenticationError):
            raise Undeliverable(said) from error
        raise Unreachable(said) from error
    except (smtp.SMTPException, OSError, TimeoutError) as error:
        raise Unreachable(f"the server of mail does not answer: {error}") from error
