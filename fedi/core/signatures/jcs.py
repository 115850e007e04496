"""JSON in its one canonical spelling (RFC 8785, JCS), the text that proofs sign."""

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
    kind = type(value)
    if kind is dict:
        return all(
            type(name) is str and name.isascii() and _is_plain(member)
            for name, member in value.items()
        )
    if kind is list:
        return all(map(_is_plain, value))
    if kind is int:
        return bool(abs(value) <= _LARGEST_INTEGER)
    return kind is str or kind is bool or value is None
