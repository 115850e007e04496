"""JSON in its one canonical spelling (RFC 8785, JCS), the text that proofs sign."""

from collections.abc import Iterable
from typing import Any

import orjson
import rfc8785

_LARGEST_INTEGER = 2**53 - 1


def canonical(value: Any) -> bytes:
    """Write a parsed JSON value canonically.

    Raises `ValueError` for what has no canonical form: integers beyond 2^53, NaN, lone
    surrogates, nesting of hundreds of levels.
    """
    try:
        if _is_plain(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(value)
    except (ValueError, RecursionError, orjson.JSONEncodeError) as error:
        raise ValueError("no canonical form") from error


def _is_plain(value: Any) -> bool:
    """Tell whether orjson, seventy times faster, writes `value` as JCS would.

    The two differ in numbers with a fraction and in the order of names beyond ASCII, so
    neither is let through; a test compares them on everything else.
    """
    pending = [value]
    for value in pending:
        kind = type(value)
        if kind is dict:
            if not _are_plain_names(value):
                return False
            pending.extend(value.values())
        elif kind is list:
            pending.extend(value)
        elif kind is int:
            if abs(value) > _LARGEST_INTEGER:
                return False
        elif not (kind is str or kind is bool or value is None):
            return False
    return True


def _are_plain_names(names: Iterable[Any]) -> bool:
    try:
        return "".join(names).isascii()
    except TypeError:  # a name that is no text
        return False
