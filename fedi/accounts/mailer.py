"""The loop that sends letters, a few at a time: whoever waits for one waits seconds."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from actors.local import network_actor
from fedi.accounts.letters import TOPIC, open_letter
from fedi.accounts.models import Letter
from fedi.core.errors import FediError
from fedi.core.jobs import claim, finish, postpone
from fedi.core.mail import Mail, Undeliverable, compose, hand_over
from fedi.core.node import Node
from fedi.core.rounds import Rounds

log = structlog.get_logger()

BATCH = 10
LEASE = timedelta(minutes=5)
#: Seconds between two looks at what is due.
LOOK_EVERY = 30.0
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
#: How long a letter waits after each failure; then it is given up.
DELAYS = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)


class Mailer(Rounds):
    """Sends what is due through `[mail]`; without a host there, letters wait."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.signals[TOPIC], rest=LOOK_EVERY)
        self._node = node

    async def run_once(self) -> int:
        """Send what is due, at most ten letters; how many were tried."""
        if not self._node.config.mail.host:
            return 0
        async with self._node.db.unit() as unit:
            letters = await claim(unit, Letter, limit=BATCH, lease=LEASE)
        for letter in letters:
            await self._send(letter)
        return len(letters)

    async def _send(self, letter: Letter) -> None:
        node = self._node
        async with node.db.reading() as unit:
            words, network = open_letter(unit, letter), (await network_actor(unit)).name
        try:
            text = "\n\n".join(words.paragraphs)
            mail = Mail(letter.recipient, words.subject, text, letter.language, network)
            message = compose(mail, node.config.mail.sender, node.clock())
            await hand_over(node.config.mail, message)
        except FediError as error:
            await self._fail(letter, error)
        else:
            async with node.db.unit() as unit:
                await finish(unit, Letter, [letter.id], body=None, last_error=None)

    async def _fail(self, letter: Letter, error: FediError) -> None:
        """Try again later, or never."""
        log.warning("letter not sent", template=letter.template, reason=str(error))
        delays: Sequence[timedelta] = DELAYS
        is_over = isinstance(error, Undeliverable) or letter.attempts > len(delays)
        async with self._node.db.unit() as unit:
            if is_over:
                told = str(error)[:500]
                await finish(unit, Letter, [letter.id], body=None, last_error=told)
            else:
                until = unit.now + delays[letter.attempts - 1]
                await postpone(unit, Letter, [letter.id], until, str(error))
