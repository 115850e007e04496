"""Forms: reading what a person sent, and giving it back to them with what to change."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from fedi.core.appkeys import NODE
from fedi.core.errors import FediError
from fedi.core.i18n import N_
from fedi.core.text import strip_controls
from fedi.web.csrf import FIELD, check_origin, check_token
from fedi.web.keys import SENT

#: What is read of a line; how long it may be is for the verbs to say.
MAX_LINE = 2000

#: The field that an error is about; and a sentence for those whose own one holds a name or a
#: number, which no catalogue can foresee.
_ABOUT: dict[str, tuple[str, str | None]] = {
    "bad-handle": ("handle", None),
    "no-name": ("name", None),
    "reserved-handle": ("handle", N_("this name is reserved: choose another")),
    "conflict": ("handle", N_("this name is already taken")),
    "bad-email": ("email", None),
    "email-taken": ("email", None),
    "same-address": ("email", None),
    "password-too-short": ("password", None),
    "password-too-long": ("password", None),
    "no-title": ("title", None),
    "title-too-long": ("title", N_("this title is too long for a list")),
    "image-too-large": ("images", N_("this image is too large: 8 MB at most")),
    "no-image": ("images", N_("this is no image for a page: send a JPEG, PNG, WebP or GIF")),
    "bad-image": ("images", N_("this image cannot be read, or it is too large")),
    "many-images": ("images", None),
    "lost-image": ("images", None),
    "many-tags": ("tags", None),
    "long-tag": ("tags", None),
    "no-hat": ("hat-name", None),
    "bad-link": ("hat-link", None),
    "hat-too-long": ("hat-name", None),
    "same-hat": ("hat-name", None),
    "many-hats": ("hat-name", None),
    "name-too-long": ("name", None),
    "summary-too-long": ("summary", None),
    "question-too-long": ("question", N_("this question is too long: one sentence is enough")),
}


@dataclass
class Form:
    """What was typed, and what is wrong with it: one sentence a field, English, to translate."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    files: Mapping[str, list[bytes]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """What was typed in a field, with its lines ended one way; empty when it was not sent."""
        return self.values.get(name, "").replace("\r\n", "\n")

    def line(self, name: str) -> str:
        """The same, as one line without control characters."""
        return " ".join(strip_controls(self[name]).split())[:MAX_LINE]

    @property
    def written(self) -> dict[str, str]:
        """What somebody would have to type again."""
        return {name: self[name] for name in self.values if name not in (FIELD, "preview")}

    def pressed(self, button: str) -> bool:
        """Whether the form was sent with this button."""
        return button in self.values

    def require(self, name: str, sentence: str) -> None:
        """Note `sentence` as the error of a field that was left empty."""
        if not self[name].strip():
            self.errors[name] = sentence

    def refuse(self, error: FediError, default: str) -> None:
        """Note what a verb says is wrong, at the field it is about."""
        name, sentence = _ABOUT.get(error.code, (default, None))
        self.errors[name] = sentence or str(error)


async def read_form(request: web.Request, *, room: int | None = None) -> Form:
    """Read a form that one of our own pages sent; `Forbidden` when another site did.

    There is no other way to read one, so no page can forget to ask where it comes from.  `room`
    is for pages that take files: how many bytes the whole may have.
    """
    check_origin(request, request.app[NODE].site)
    request[SENT] = {}
    roomy = request.clone(client_max_size=room) if room is not None else request
    sent = await roomy.post()
    values = {name: value for name, value in sent.items() if isinstance(value, str)}
    request[SENT] = values
    check_token(request, sent.get(FIELD))
    return Form(values, files=await _read_files(sent))


async def _read_files(sent: MultiDictProxy[Any]) -> Mapping[str, list[bytes]]:
    """What the files hold, by the field in which they were chosen; their names are of no use."""
    found: dict[str, list[bytes]] = {}
    for name, value in sent.items():
        if isinstance(value, web.FileField):
            found.setdefault(name, []).append(await asyncio.to_thread(value.file.read))
            value.file.close()
    return found


def safe_path(text: str | None) -> str:
    """A path of this site to go to next; `/` for anything that could lead elsewhere.

    Browsers read `\\` as `/` and drop tabs, so such texts are refused rather than repaired.
    """
    if not text or len(text) > 2000 or not text.startswith("/") or text.startswith("//"):
        return "/"
    if not text.isascii() or "\\" in text or any(character <= " " for character in text):
        return "/"
    return "/" if text.lower().startswith(("/%5c", "/%2f", "/%09")) else text
