"""Secrets that are shown once: cookies of sessions, bearer tokens, one-time links.

They are 256 random bits, so a fast hash is enough to store them: nobody can guess
one, and whoever reads the database cannot use it.
"""

import hashlib
import secrets


def new_secret() -> str:
    """Make a secret that may stand in a cookie, a header or an address."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of it, and how it is looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
