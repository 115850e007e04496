"""The log: one line per event on standard error, for people or for programs.

Rooms say `log = structlog.get_logger()`; libraries that use the standard `logging`
come out in the same form.  Whoever takes up a request or an activity says so once, with
`about`, and every line until the end of the block names it.

At "info" the log tells of the node; at "debug" it follows each activity from the door to its
effect and to its deliveries, by its id.
"""

import logging
import sys
from contextvars import ContextVar
from typing import Any, Literal

import orjson
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, Processor

from fedi.core.metrics import LOGGED

_ABOUT: ContextVar[dict[str, str | None]] = ContextVar("about")
_NOTHING: dict[str, str | None] = {}


class about:
    """What every line of the log inside this block is about; blocks inside each other add up.

    `request` is the id of an HTTP request, `activity` that of an activity, `peer` the origin of
    another server.  Tasks begun inside keep it.  It costs a microsecond.
    """

    __slots__ = ("_names", "_token")

    def __init__(self, **names: str | None) -> None:
        self._names = names

    def __enter__(self) -> None:
        self._token = _ABOUT.set(_ABOUT.get(_NOTHING) | self._names)

    def __exit__(self, *_: object) -> None:
        _ABOUT.reset(self._token)


def _say_what_about(_: Any, __: str, event: EventDict) -> EventDict:
    for name, value in _ABOUT.get(_NOTHING).items():
        if value:
            event.setdefault(name, value)
    return event


def _count(_: Any, level: str, event: EventDict) -> EventDict:
    """Let `/metrics` tell that something is worth a look; `exception` is an error too."""
    if event["level"] in ("warning", "error", "critical"):
        LOGGED[event["level"]].inc()
    return event


_EVERY_EVENT: list[Processor] = [
    _say_what_about,
    structlog.stdlib.add_log_level,
    _count,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
#: Libraries whose every step at "debug" or "info" would hide what the node says.
#: Our pools of connections log in SQLAlchemy's words, under their own name.
_TALKATIVE = ("aiosqlite", "asyncio", "alembic", "fedi.core.pool", "markdown_it", "sqlalchemy")


class _Quieter(logging.Filter):
    """Makes one line of what aiohttp calls an error of ours: that somebody sent no proper HTTP.

    Anybody can send as much of it as they like, and the traceback is always the parser's.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            error = error.__cause__ if error is not None else None
        if not isinstance(error, HttpProcessingError):
            return True
        record.exc_info = None
        record.msg, record.args = f"{record.getMessage()}: {type(error).__name__}", ()
        record.levelno, record.levelname = logging.INFO, "INFO"
        return logging.getLogger(record.name).isEnabledFor(logging.INFO)


def set_up_log(level: str, form: Literal["text", "json"]) -> None:
    """Send every event of at least `level` to standard error."""
    structlog.configure(
        processors=[*_EVERY_EVENT, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,  # a line that is not wanted costs a fifth
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_EVERY_EVENT,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if form == "json" else _as_text()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_Quieter())


def _as_json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_dumps),
    ]


def _as_text() -> list[Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _dumps(event: Any, default: Any, **_: Any) -> str:
    return orjson.dumps(event, default=default).decode()
