"""The log: one line per event on standard error, for people or for programs.

Rooms say `log = structlog.get_logger()`; libraries that use the standard `logging`
come out in the same form.
"""

import logging
import sys
from typing import Any, Literal

import orjson
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import Processor

_EVERY_EVENT: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
#: Libraries whose every step at "debug" or "info" would hide what the node says.
_TALKATIVE = ("aiosqlite", "asyncio", "alembic", "markdown_it", "sqlalchemy")


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
