"""An HTTP request, as far as a signature is concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """A request as it stands on the wire: nothing decoded, merged or put in another order.

    `host` is the value of the Host header, with the port when it is not the scheme's own.
    Whoever builds a received request has checked that `scheme` and `host` are this node's.
    `target` is path and query, percent-encoded as received; `body` is before any decoding.
    """

    method: str
    scheme: str
    host: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    #: Header values by lower-case name, in the order received.
    fields: Mapping[str, Sequence[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fields: dict[str, list[str]] = {}
        for name, value in self.headers:
            name, value = name.lower(), value.strip(" \t")
            if name in fields:
                fields[name].append(value)
            else:
                fields[name] = [value]
        object.__setattr__(self, "fields", fields)

    def line(self, name: str) -> str | None:
        """A header as one line, repeated values joined by commas; None when it is absent."""
        values = self.fields.get(name)
        return None if values is None else ", ".join(values)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def has_content(self) -> bool:
        """Whether a signature has to cover the body, an empty one included."""
        return bool(self.body) or self.method not in ("GET", "HEAD")
