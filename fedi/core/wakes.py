"""Wakes: telling whoever waits for a topic, in this process or in another one of the node.

A topic is a word, `inbox`, or a word and a key, `thread/KEY`.  Who listens to a word hears
all its keys; the bare word is heard by everybody who waits for one of them.

A wake brings no news, it says "look again".  One that is lost costs a delay and nothing
else, because whoever listens also looks by themselves now and then (docs/adr/0007).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

import structlog

from fedi.core.lines import Line

log = structlog.get_logger()

#: Wakes of that time reach the other processes together.
LINGER_SECONDS = 0.01
#: How often a line on which nobody speaks is tried.
CHECK_SECONDS = 30.0
#: Before a broken line is opened again: first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

Listener = Callable[[str], object]


class Wakes:
    """Who waits for what in this process, and a line to the other processes of the node."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._standing: dict[str, asyncio.Event] = {}
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._unsent: set[str] = set()
        self._stirred = asyncio.Event()
        self._ended = asyncio.Event()

    # --- listening -----------------------------------------------------------------------

    def __getitem__(self, topic: str) -> asyncio.Event:
        """The event of a topic, set by every wake of it; whoever waits for it clears it."""
        if topic not in self._standing:
            self._standing[topic] = event = asyncio.Event()
            self._waiting[topic].add(event)
        return self._standing[topic]

    @contextmanager
    def hearing(self, topic: str) -> Iterator[asyncio.Event]:
        """Wait for a topic for a while: the event is of this block alone."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def listen(self, word: str, listener: Listener) -> None:
        """Call the listener with the key of every wake of a word, for as long as the node is open.

        The key is empty when all of them are meant: by a bare word, and whenever wakes of
        other processes may have been missed.
        """
        self._listeners[word].append(listener)

    # --- telling -------------------------------------------------------------------------

    def tell(self, *topics: str) -> None:
        """Wake who waits for these topics: here at once, in the other processes soon after."""
        self._hear(topics)
        if topics and not self._line.is_alone:
            self._unsent.update(topics)
            self._stirred.set()

    def _hear(self, topics: Collection[str]) -> None:
        for topic in topics:
            word, _, key = topic.partition("/")
            self[word].set()  # also for whoever asks for it after this
            for event in [*self._waiting[word], *self._waiting_below(word, key)]:
                event.set()
            for listener in self._listeners.get(word, ()):
                listener(key)

    def _waiting_below(self, word: str, key: str) -> Iterator[asyncio.Event]:
        if key:
            yield from self._waiting.get(f"{word}/{key}", ())
            return
        for topic, events in self._waiting.items():
            if topic.startswith(f"{word}/"):
                yield from events

    def _hear_everything(self) -> None:
        self._hear({topic.partition("/")[0] for topic in (*self._waiting, *self._listeners)})

    # --- the other processes -------------------------------------------------------------

    async def run(self) -> None:
        """Be in touch with the other processes until stopped; a broken line is opened again.

        Wakes were missed while there was no line, so everything is woken when there is one.
        """
        self._ended.clear()
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            try:
                async with self._line.listening(self._hear, self._stirred.set):
                    self._hear_everything()
                    pause = FIRST_PAUSE
                    await self._speak()
            except Exception as error:  # whatever broke it, the loops look by themselves meanwhile
                log.warning("other processes are not heard", error=repr(error), again_in=pause)
                await _until(self._ended, pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Say what is unsaid, and let `run` return."""
        self._ended.set()
        self._stirred.set()

    async def close(self) -> None:
        """Say what is unsaid, also where `run` never ran: in a command that ends at once."""
        if self._unsent:
            with suppress(Exception):  # a delay for the others, no reason to fail
                await self._send()

    async def _speak(self) -> None:
        while not self._ended.is_set():
            await _until(self._stirred, CHECK_SECONDS)
            await asyncio.sleep(LINGER_SECONDS)
            self._stirred.clear()
            await self._send()

    async def _send(self) -> None:
        """Send what is unsent; sending nothing finds out whether there still is a line."""
        topics, self._unsent = self._unsent, set()
        is_sent = False
        try:
            is_sent = await self._line.send(topics)
        finally:
            if not is_sent:
                self._unsent |= topics
                self._stirred.set()


async def _until(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
