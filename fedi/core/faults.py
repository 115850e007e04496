"""What goes wrong between us and a peer, said in our words."""

import contextlib
import ssl
from collections.abc import Iterator

import aiohttp

from fedi.core.addresses import Denied
from fedi.core.errors import FediError, ForbiddenAddress, Gone, Malformed, NotFound, Unreachable
from fedi.core.urls import Url


def check_status(target: Url, status: int) -> None:
    """Return if a peer gave what was asked for.

    Raises `Gone`, `NotFound`, `Unreachable` when it may give it later, `Malformed` otherwise.
    """
    code = f"http-{status}"
    if status == 410:
        raise Gone(f"{target} was removed")
    if status == 429 or status >= 500:
        raise Unreachable(f"{target} answers {status}", code=code)
    if status >= 400:
        raise NotFound(f"{target} answers {status}", code="not-found" if status == 404 else code)
    if status != 200:
        raise Malformed(f"{target} answers {status} instead of a document", code=code)


@contextlib.contextmanager
def peer_errors() -> Iterator[None]:
    """Turn the errors of the HTTP client into `Unreachable`, `Malformed`, `ForbiddenAddress`."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable("the peer took too long", code="time-out") from error
    except aiohttp.ClientConnectorError as error:
        raise _connection_error(error) from error
    except (aiohttp.ClientSSLError, ssl.SSLError) as error:
        raise Unreachable(f"no trusted connection: {error}", code="tls") from error
    except aiohttp.InvalidURL as error:
        raise Malformed("the address cannot be asked", code="url") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"the connection broke: {error}", code="connection") from error
    except ValueError as error:  # yarl's way of refusing a URL
        raise Malformed("the address cannot be asked", code="url") from error


def _connection_error(error: aiohttp.ClientConnectorError) -> FediError:
    if isinstance(error.os_error, Denied):
        return ForbiddenAddress(str(error.os_error), code="private-address")
    if isinstance(error, aiohttp.ClientSSLError):
        return Unreachable(f"no trusted connection: {error}", code="tls")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unreachable(f"the name has no address: {error.host}", code="dns")
    return Unreachable(f"no connection: {error.host}", code="connect")
