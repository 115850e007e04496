"""Answers that are the same for everybody, kept in memory for a few seconds.

A post that a thousand servers fetch at once, a page that is passed around: the first who asks
has it made, the others wait for that and get the same bytes.  What was kept is dropped when
something it shows has changed, by the wakes `thread/KEY`, `networks` and `settings`, and after a
few seconds in any case: names and the health of servers are in it too, and a wake may be lost.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from time import monotonic
from typing import NamedTuple

from aiohttp import hdrs, web
from multidict import CIMultiDict

from fedi.core.wakes import Wakes
from fedi.web.answers import already_has
from fedi.web.kept import Kept
from fedi.web.negotiate import Handler, accepted_language

#: Seconds that an answer is kept.
LASTS = 5
#: Bytes of answers that a process keeps.
ROOM = 4 * 1024 * 1024
#: What is kept of public answers: what there is, and that something is gone.
KEPT_STATUSES = (200, 410)


class Question(NamedTuple):
    """What was asked, by a request that carries nothing of who asks."""

    about: str  # the key of the debate; empty: of none, or of several
    handler: Handler
    target: str
    language: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to everybody who asks the same."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    etag: str
    until: float

    def respond(self, request: web.Request) -> web.Response:
        """Say it, or that the caller has it already."""
        if self.status == web.HTTPOk.status_code and already_has(request, self.etag):
            headers = self.headers.copy()
            headers.popall(hdrs.CONTENT_TYPE, None)
            return web.Response(status=web.HTTPNotModified.status_code, headers=headers)
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@dataclass(eq=False)
class Flight:
    """An answer that is being made."""

    landed: asyncio.Event
    is_outdated: bool = False  # something changed meanwhile


class Shared:
    """The answers of a process."""

    def __init__(self, signals: Wakes) -> None:
        self._kept: Kept[dict[Question, Answer]] = Kept(ROOM)  # by what they are about
        self._flights: dict[Question, Flight] = {}
        signals.listen("thread", self._forget)
        signals.listen("networks", lambda _: self._forget(""))
        signals.listen("settings", lambda _: self._forget(""))

    def find(self, question: Question) -> Answer | None:
        """What is kept and still good."""
        answer = (self._kept.get(question.about) or {}).get(question)
        return answer if answer is not None and monotonic() < answer.until else None

    async def wait(self, question: Question) -> Answer | None:
        """An answer that is being made; nothing when none is, or none was kept in the end."""
        if question not in self._flights:
            return None
        await self._flights[question].landed.wait()
        return self.find(question)

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep an answer, with those about the same that are still good."""
        now = monotonic()
        others = (self._kept.get(question.about) or {}).items()
        answers = {asked: other for asked, other in others if now < other.until}
        answers[question] = answer
        self._kept.keep(question.about, answers, sum(len(one.body) for one in answers.values()))

    @contextmanager
    def making(self, question: Question) -> Iterator[Flight]:
        """Let others who ask the same wait until the block ends."""
        flight = self._flights[question] = Flight(asyncio.Event())
        try:
            yield flight
        finally:
            if self._flights.get(question) is flight:
                del self._flights[question]
            flight.landed.set()

    def _forget(self, about: str) -> None:
        """Drop what is about a debate and what is about several; or all, if it is not told."""
        if about:
            self._kept.drop(about)
            self._kept.drop("")
        else:
            self._kept.clear()
        for question, flight in self._flights.items():
            flight.is_outdated |= not about or question.about in (about, "")


SHARED: web.AppKey[Shared] = web.AppKey("shared", Shared)
#: What is asked of the handlers that share their answers.
_QUESTIONS: dict[Handler, Callable[[web.Request], Question | None]] = {}


def shared(handler: Handler, *, by_key: bool = False) -> Handler:
    """Give everybody who asks the same within a few seconds one answer of this handler.

    Only what says that it is public is kept, and only for requests without a cookie.  With
    `by_key` it is about the debate whose key is in the address, and of no other.
    """

    def ask(request: web.Request) -> Question | None:
        if hdrs.COOKIE in request.headers or request.method != hdrs.METH_GET:
            return None
        about = request.match_info["key"] if by_key else ""
        return Question(about, handler, request.raw_path, accepted_language(request).tag)

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        question = ask(request)
        if question is None:
            return await handler(request)
        kept = request.app[SHARED]
        known = kept.find(question) or await kept.wait(question)
        if known is not None:
            return known.respond(request)
        with kept.making(question) as flight:
            response = await handler(request)
            made = _answer(response)
            if made is None:
                return response
            if not flight.is_outdated:
                kept.keep(question, made)
        return made.respond(request)

    _QUESTIONS[answer] = ask
    return answer


@web.middleware
async def answer_again(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give what is kept before anything else is asked, for nothing depends on who asks."""
    ask = _QUESTIONS.get(request.match_info.handler)
    question = ask(request) if ask is not None else None
    known = request.app[SHARED].find(question) if question is not None else None
    return known.respond(request) if known is not None else await handler(request)


def _answer(response: web.StreamResponse) -> Answer | None:
    """A response as it can be given to others; None when it is for this caller alone."""
    is_public = response.headers.get(hdrs.CACHE_CONTROL, "").startswith("public")
    if not (is_public and isinstance(response, web.Response)) or response.cookies:
        return None
    body = response.body
    if response.status not in KEPT_STATUSES or not isinstance(body, bytes):
        return None
    etag = response.etag.value if response.etag else hashlib.sha256(body).hexdigest()[:32]
    response.etag = etag
    return Answer(response.status, response.headers.copy(), body, etag, monotonic() + LASTS)
