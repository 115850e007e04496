"""A browser in words, as a list of sessions names it: nothing finer is kept."""

from aiohttp import hdrs, web

#: What appears in User-Agent, in the order in which it decides: each imitates those below.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device_of(request: web.Request) -> str | None:
    """`Firefox, Linux`; None for what names itself otherwise."""
    said = request.headers.get(hdrs.USER_AGENT, "")
    found = (
        next((name for mark, name in table.items() if mark in said), "")
        for table in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found)) or None
