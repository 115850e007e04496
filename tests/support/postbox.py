"""A server of mail on this machine that keeps what it is given.

async with postbox() as box:
    node = await make_node(tmp_path, mail=box.settings)
    ...
    letter = await box.letter(to="ana@mail.example")
"""

import asyncio
import email
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as PARSED
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from waiting import free_port


@dataclass
class Postbox:
    """What was handed in, and what to say to the next letters."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        """The section `[mail]` of a node that sends here."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "sender": "fedi@node.example",
        }

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a letter, or say what we were told to say."""
        if self.answers:
            return self.answers.pop(0)
        content = cast(bytes, envelope.content)
        message = email.message_from_bytes(content, policy=PARSED)  # type: ignore[arg-type]
        self.letters.append(cast(EmailMessage, message))
        self.recipients += envelope.rcpt_tos
        return "250 taken"

    async def letter(self, to: str, number: int = 1) -> EmailMessage:
        """The last letter to this address, once there are so many to it."""
        async with asyncio.timeout(20):
            while len(found := [one for one in self.letters if one["To"] == to]) < number:
                await asyncio.sleep(0.02)
        return found[-1]


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """What one of its two parts says."""
    part = letter.get_body((kind,))
    assert part is not None
    return cast(str, part.get_content()).replace("\r\n", "\n")


def link_in(letter: EmailMessage) -> str:
    """The path of the first link on a line of its own."""
    found = re.search(r"^https?://[^/\s]+(/\S+)$", text_of(letter), re.MULTILINE)
    assert found, text_of(letter)
    return found[1]


@asynccontextmanager
async def postbox() -> AsyncIterator[Postbox]:
    """Run one for a while."""
    box = Postbox(free_port())
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="localhost", enable_SMTPUTF8=False), "127.0.0.1", box.port
    )
    yield box
    server.close()
    await server.wait_closed()
