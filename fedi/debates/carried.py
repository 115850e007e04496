"""What a post carries besides its text, as documents say it: for whom, by which words, with what.

Everything here is pure.  A hat is said twice: as the last line of `content`, which every server
shows, and as the property by which nodes like ours take it from there to the byline.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from fedi.core.jsonld import Document, link_of, objects_of, text_of
from fedi.core.text import MAX_HASHTAGS, strip_controls
from fedi.core.urls import Site

MAX_HAT = 160
MAX_LABEL = 60

_MAX_TITLE = 500
_SHOWN_ATTACHMENTS = 4
_SHOWN_OPTIONS = 20
#: How the line begins in the language of the post; a dash says it in any other.
_FOR = {"br": "Evit", "de": "Für", "en": "For", "es": "Por", "fr": "Pour", "nl": "Voor"}
_DASH = "—"
_LABEL = re.compile(r"#?([\w·-]*[^\W\d_][\w·-]*)")

# --- for whom ----------------------------------------------------------------------------


def write_hat(hat: str | None, link: str | None) -> Document:
    """The hat of a post as a property: `sourceOrganization` of schema.org, on whose behalf."""
    if not hat:
        return {}
    organisation = {"type": "Organization", "name": hat} | ({"url": link} if link else {})
    return {"sourceOrganization": organisation}


def read_hat(document: Document) -> tuple[str | None, str | None]:
    """For whom a post says to speak, as plain text, and the link it gives; a claim, no more."""
    for organisation in objects_of(document.get("sourceOrganization"), 1):
        hat = strip_controls(text_of(organisation.get("name"), MAX_HAT) or "")
        if hat:
            return hat, link_of(organisation.get("url"))
    return None, None


def hat_line(hat: str, language: str | None) -> str:
    """The line that says it: `Pour La Fabrique, Lille`."""
    return f"{_FOR.get((language or '').partition('-')[0], _DASH)} {hat}"


def sign_content(content: str, hat: str | None, language: str | None) -> str:
    """Clean HTML, with the hat as its last line."""
    if not hat:
        return content
    return f"{content}<p><em>{escape(hat_line(hat, language), quote=False)}</em></p>"


def sign_source(source: str, hat: str | None, language: str | None) -> str:
    """The same in Markdown, which forums read instead of the HTML."""
    return f"{source}\n\n*{hat_line(hat, language)}*" if hat else source


def take_hat_off(content: str, hat: str | None) -> str:
    """HTML of a peer without the line that only repeats the hat it names."""
    if not hat or not content.endswith("</em></p>"):
        return content
    start = content.rfind("<p><em>")
    word, _, rest = content[start:].removeprefix("<p><em>").partition(" ")
    is_line = rest == f"{escape(hat, quote=False)}</em></p>" and word in (_DASH, *_FOR.values())
    return content[:start] if start >= 0 and is_line else content


# --- by which words ----------------------------------------------------------------------


def tag_address(site: Site, label: str) -> str:
    """The page of the debates that bear a tag; it is in texts and documents, for ever."""
    return f"{site.url}/?tag={quote(label)}"


def write_hashtags(labels: Iterable[str], site: Site) -> list[Document]:
    """Tags as Hashtags that lead to the debates which bear them."""
    return [
        {"type": "Hashtag", "href": tag_address(site, label), "name": f"#{label}"}
        for label in labels
    ]


def read_hashtags(document: Document) -> list[str]:
    """The tags of a peer's post as it writes them, without the `#`, each once."""
    names = [
        tag.get("name") for tag in objects_of(document.get("tag")) if tag.get("type") == "Hashtag"
    ]
    labels = dict.fromkeys(
        found[1]
        for name in names
        if isinstance(name, str) and (found := _LABEL.fullmatch(name[:MAX_LABEL]))
    )
    return list(labels)[:MAX_HASHTAGS]


# --- with what ---------------------------------------------------------------------------


def write_images(images: Iterable[Mapping[str, Any]] | None, site: Site) -> list[Document]:
    """Images of a post; their text is for who cannot see them."""
    return [
        {
            "type": "Image",
            "mediaType": image["type"],
            "url": f"{site.url}{image['path']}",
            **({"name": image["text"]} if image["text"] else {}),
            "width": image["width"],
            "height": image["height"],
        }
        for image in images or ()
    ]


def show_images(images: Iterable[Mapping[str, Any]] | None, site: Site) -> str:
    """Images of a post of ours as HTML for readers of feeds."""
    return "".join(
        f'<p><img src="{site.url}{image["path"]}" alt="{escape(image["text"])}"></p>'
        for image in images or ()
    )


def read_further(document: Document) -> str:
    """What a peer's post shows below its text, as HTML still to be cleaned."""
    return _attachments(document) + _options(document)


def _attachments(document: Document) -> str:
    """Pictures and links as links: nothing of other servers is loaded when a page is read."""
    links = []
    for entry in objects_of(document.get("attachment"))[:_SHOWN_ATTACHMENTS]:
        if (href := link_of(entry.get("href") or entry.get("url"))) is not None:
            name = text_of(entry.get("name"), _MAX_TITLE) or href
            links.append(f'<p><a href="{escape(href)}">{escape(name)}</a></p>')
    return "".join(links)


def _options(document: Document) -> str:
    """The options of a poll as a list: one can read what was asked, and vote at home."""
    options = objects_of(document.get("oneOf")) or objects_of(document.get("anyOf"))
    names = [text_of(option.get("name"), _MAX_TITLE) for option in options[:_SHOWN_OPTIONS]]
    items = "".join(f"<li>{escape(name)}</li>" for name in names if name)
    return f"<ul>{items}</ul>" if items else ""
