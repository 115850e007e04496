"""Bytes written as text: base64 and base58btc, each read in its one canonical spelling.

Accepting a second spelling would let anybody make "another" signature out of a known one.
"""

from binascii import a2b_base64, b2a_base64

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_BASE58BTC = "z"  # the multibase prefix
_WRITTEN = _ALPHABET.encode().ljust(256)
_LETTERS = 10
_GROUP = 58**_LETTERS
#: Enough for an RSA key of 8192 bits; the decoder's work grows with the square of the length.
_LONGEST = 1600


def read_base64(text: str) -> bytes:
    """Decode padded base64; `ValueError` for anything that we would not write ourselves."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise ValueError("not base64") from error
    if write_base64(data) != text:
        raise ValueError("not base64 as it is written canonically")
    return data


def write_base64(data: bytes) -> str:
    """Encode as padded base64."""
    return b2a_base64(data, newline=False).decode("ascii")


def read_multibase(text: str) -> bytes:
    """Decode multibase base58btc (`z…`), the only base of FEP-521a and FEP-8b32; `ValueError`."""
    if not text.startswith(_BASE58BTC) or len(text) > _LONGEST:
        raise ValueError("not base58btc")
    digits = text.removeprefix(_BASE58BTC)
    number = 0
    for letter in digits:
        if letter not in _VALUES:
            raise ValueError("not base58btc")
        number = number * 58 + _VALUES[letter]
    zeros = len(digits) - len(digits.lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def write_multibase(data: bytes) -> str:
    """Encode as multibase base58btc (`z…`)."""
    number = int.from_bytes(data, "big")
    digits = bytearray()
    while number:
        number, group = divmod(number, _GROUP)  # ten letters for one division of a long number
        for _ in range(_LETTERS):
            group, digit = divmod(group, 58)
            digits.append(digit)
    zeros = len(data) - len(data.lstrip(b"\0"))
    digits.reverse()
    text = digits.lstrip(b"\0").translate(_WRITTEN).decode("ascii")
    return _BASE58BTC + _ALPHABET[0] * zeros + text
