"""Languages in which people write here, by tag (BCP 47), each by its own name.

The interface has two of them; texts may be in any.
"""

from collections.abc import Mapping

#: Those of the networks we know, then their neighbours; others are written without a tag.
TONGUES: Mapping[str, str] = {
    "fr": "Français",
    "en": "English",
    "br": "Brezhoneg",
    "ca": "Català",
    "co": "Corsu",
    "de": "Deutsch",
    "es": "Español",
    "eu": "Euskara",
    "it": "Italiano",
    "gcf": "Kréyòl Gwadloup",
    "gcr": "Kriyòl Gwiyanè",
    "rcf": "Kréol rénioné",
    "nl": "Nederlands",
    "oc": "Occitan",
    "pt": "Português",
    "ar": "العربية",
}
