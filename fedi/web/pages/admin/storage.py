"""How much room everything takes."""

from aiohttp import web
from prometheus_client import Gauge
from prometheus_client.samples import Sample

from fedi.core.appkeys import NODE
from fedi.core.i18n import N_
from fedi.core.metrics import DISK, DISK_FREE
from fedi.web.keys import LANGUAGE, SURVEY
from fedi.web.render import render
from fedi.web.sessions import require_administrator

CLASSES = {
    "database": N_("The database: what was written, and the evidence of it"),
    "media": N_("Images of members"),
    "other": N_("Everything else in the data directory"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/storage"""
    require_administrator(request)
    await request.app[SURVEY].refresh()
    language = request[LANGUAGE]

    def room(gauge: float) -> str:
        return bytes_in_words(gauge, language.tag)

    sizes = {metric.labels.get("class", ""): metric.value for metric in _samples(DISK)}
    free = next((metric.value for metric in _samples(DISK_FREE)), 0.0)
    return render(
        request,
        "admin/storage.html",
        rows=[(name, room(sizes.get(kind, 0.0))) for kind, name in CLASSES.items()],
        total=room(sum(sizes.values())),
        free=room(free),
        scarce=free < 2 * sum(sizes.values()),
        directory=str(request.app[NODE].config.node.data_dir),
    )


def _samples(gauge: Gauge) -> list[Sample]:
    return [sample for metric in gauge.collect() for sample in metric.samples]


def bytes_in_words(number: float, tag: str) -> str:
    """`12.4 MB`, as read in a language."""
    names = ("o", "Ko", "Mo", "Go", "To") if tag == "fr" else ("B", "kB", "MB", "GB", "TB")
    step = 0
    while number >= 1000 and step < len(names) - 1:
        number, step = number / 1000, step + 1
    text = f"{number:.1f}" if step and number < 100 else f"{number:.0f}"
    return f"{text.replace('.', ',') if tag == 'fr' else text}\u00a0{names[step]}"
