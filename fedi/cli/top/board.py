"""What `fedi top` shows: figures of a node, as JSON or drawn for a terminal."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fedi.cli.top.readings import Change, peers

BUSIEST = 6
#: Seconds that work may be overdue, bytes that may be left on the disk, before it is shown in red.
LATE, FULL = 60.0, 2e9

SILENCE = "the node does not answer: this is what its database tells"
HINT = "Ctrl-C ends"
FRENCH = {
    "accepted": "acceptées",
    "refused": "refusées",
    "processed": "traitées",
    "lag, 95 %": "délai, 95 %",
    "inbox": "réception",
    "deliveries": "envois",
    "queues": "files d'attente",
    "requests": "requêtes",
    "inside": "à l'intérieur",
    "peers": "serveurs",
    "delivered": "livrées",
    "retry": "à refaire",
    "answer, 95 %": "réponse, 95 %",
    "waiting": "en attente",
    "oldest": "la plus ancienne",
    "overdue": "en retard",
    "inbox_items": "reçues",
    "backfills": "débats à compléter",
    "route": "adresse",
    "a second": "par seconde",
    "memory": "mémoire",
    "disk": "disque",
    "free": "libre",
    "database": "base",
    "media": "médias",
    "other": "autre",
    "wait to write, 95 %": "attente d'écriture, 95 %",
    "wait to read, 95 %": "attente de lecture, 95 %",
    "commit, 95 %": "validation, 95 %",
    "event loop, 99 %": "boucle, 99 %",
    "caches": "caches",
    "errors": "erreurs",
    "leader": "meneur",
    "yes": "oui",
    "no": "non",
    SILENCE: "le nœud ne répond pas : voici ce que dit sa base de données",
    HINT: "Ctrl-C pour finir",
}


def figures(change: Change) -> dict[str, Any]:
    """Everything that is shown, in seconds, bytes and events a second; None is not known."""
    now, rate, worst = change.now, change.rate, change.quantile
    return {
        "live": now.live,
        "inbox": {
            "accepted": rate("fedi_inbox_accepted_total"),
            "refused": change.rates("fedi_inbox_refused_total", "reason"),
            "processed": change.rates("fedi_inbox_processed_total", "outcome"),
            "lag": worst(0.95, "fedi_inbox_lag_seconds"),
        },
        "deliveries": {
            "in_flight": now.total("fedi_deliveries_in_flight"),
            "peers": {
                peer: {
                    **{
                        result: rate("fedi_deliveries_total", peer=peer, result=result)
                        for result in ("delivered", "refused", "retry")
                    },
                    "lag": worst(0.95, "fedi_delivery_lag_seconds", peer=peer),
                    "answer": worst(0.95, "fedi_delivery_seconds", peer=peer),
                }
                for peer in peers(change)
            },
        },
        "queues": {
            queue: {
                "waiting": depth,
                "oldest": now.total("fedi_queue_oldest_seconds", queue=queue),
                "overdue": now.total("fedi_queue_overdue_seconds", queue=queue),
            }
            for queue, depth in sorted(now.by("fedi_queue_depth", "queue").items())
        },
        "requests": {
            "status": change.rates("fedi_requests_total", "status"),
            "routes": dict([*change.rates("fedi_requests_total", "route").items()][:BUSIEST]),
        },
        "inside": {
            "memory": now.total("fedi_memory_bytes"),
            "disk": now.by("fedi_disk_bytes", "class"),
            "free": now.total("fedi_disk_free_bytes"),
            "write_wait": worst(0.95, "fedi_database_wait_seconds", engine="write"),
            "read_wait": worst(0.95, "fedi_database_wait_seconds", engine="read"),
            "commit": worst(0.95, "fedi_database_commit_seconds"),
            "loop_lag": worst(0.99, "fedi_loop_lag_seconds"),
            "cache_hits": _shares(change),
            "errors": now.total("fedi_log_lines_total", level="error"),
            "leads": now.total("fedi_leader") > 0,
        },
    }


def _shares(change: Change) -> dict[str, float]:
    """How many of the questions each cache answered."""
    hits = change.now.by("fedi_cache_lookups_total", "cache", result="hit")
    asked = change.now.by("fedi_cache_lookups_total", "cache")
    return {cache: hits.get(cache, 0.0) / count for cache, count in asked.items() if count}


class Board:
    """Draws figures in one language."""

    def __init__(self, language: str) -> None:
        self._words: Mapping[str, str] = FRENCH if language == "fr" else {}
        self._comma = "," if language == "fr" else "."

    def draw(self, name: str, shown: Mapping[str, Any], hint: str = "") -> RenderableType:
        """The whole picture, narrow enough for eighty columns; the hint goes beside the name."""
        parts: list[RenderableType] = [self._heading(name, hint, shown)]
        if shown["live"]:
            parts += [self._panel("inbox", self._inbox(shown["inbox"]))]
            if shown["deliveries"]["peers"]:
                parts += [self._panel("deliveries", self._peers(shown["deliveries"]["peers"]))]
        parts += [self._panel("queues", self._queues(shown["queues"]))]
        if shown["live"]:
            parts += [self._panel("requests", self._requests(shown["requests"]))]
        parts += [self._panel("inside", self._inside(shown))]
        return Group(*parts)

    def _say(self, word: str) -> str:
        return self._words.get(word, word)

    def _panel(self, title: str, content: RenderableType) -> Panel:
        return Panel(content, title=self._say(title), title_align="left", border_style="dim")

    def _heading(self, name: str, hint: str, shown: Mapping[str, Any]) -> Text:
        text = Text(name, style="bold")
        if not shown["live"]:
            return text.append(f"\n{self._say(SILENCE)}", style="red")
        return text.append(f"   {self._say(hint)}", style="dim not bold")

    def _table(self, *columns: str, rows: Iterable[Iterable[RenderableType]]) -> Table:
        table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
        for number, column in enumerate(columns):
            table.add_column(self._say(column), justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        return table

    def _inbox(self, inbox: Mapping[str, Any]) -> Table:
        processed = sum(inbox["processed"].values())
        row = [inbox["accepted"], sum(inbox["refused"].values()), processed]
        table = self._table(
            "a second", "accepted", "refused", "processed", "lag, 95 %",
            rows=[["", *map(self._rate, row), self._within(inbox["lag"])]],
        )  # fmt: skip
        for reason, rate in [*inbox["refused"].items()][:BUSIEST]:
            table.add_row(f"  {reason}", "", self._rate(rate), "", "")
        return table

    def _peers(self, classes: Mapping[str, Mapping[str, Any]]) -> Table:
        return self._table(
            "peers", "delivered", "retry", "refused", "lag, 95 %", "answer, 95 %",
            rows=(
                [peer, *(self._rate(row[key]) for key in ("delivered", "retry", "refused")),
                 self._within(row["lag"]), self._within(row["answer"])]
                for peer, row in classes.items()
            ),
        )  # fmt: skip

    def _queues(self, queues: Mapping[str, Mapping[str, float]]) -> Table:
        return self._table(
            "", "waiting", "oldest", "overdue",
            rows=(
                [self._say(queue), f"{row['waiting']:.0f}", self._time(row["oldest"]),
                 Text(self._time(row["overdue"]), style="red" if row["overdue"] > LATE else "")]
                for queue, row in queues.items()
            ),
        )  # fmt: skip

    def _requests(self, requests: Mapping[str, Mapping[str, float]]) -> Table:
        statuses = "   ".join(
            f"{status} {self._rate(rate)}" for status, rate in sorted(requests["status"].items())
        )
        rows: list[list[RenderableType]] = [[statuses or "–", ""]]
        rows += [[Text(route), self._rate(rate)] for route, rate in requests["routes"].items()]
        return self._table("route", "a second", rows=rows)

    def _inside(self, shown: Mapping[str, Any]) -> Table:
        inside = shown["inside"]
        disk = "   ".join(
            f"{self._say(kind)} {self._size(size)}" for kind, size in inside["disk"].items()
        )
        free = Text(self._size(inside["free"]), style="red" if inside["free"] < FULL else "")
        rows: list[tuple[str, RenderableType]] = [("disk", disk), ("free", free)]
        if shown["live"]:
            caches = (f"{cache} {share:.0%}" for cache, share in inside["cache_hits"].items())
            rows += [
                ("memory", self._size(inside["memory"])),
                ("wait to write, 95 %", self._within(inside["write_wait"])),
                ("wait to read, 95 %", self._within(inside["read_wait"])),
                ("commit, 95 %", self._within(inside["commit"])),
                ("event loop, 99 %", self._within(inside["loop_lag"])),
                ("caches", "   ".join(caches) or "–"),
                ("errors", f"{inside['errors']:.0f}"),
                ("leader", self._say("yes" if inside["leads"] else "no")),
            ]
        table = Table.grid(padding=(0, 3))
        for label, value in rows:
            table.add_row(Text(self._say(label), style="dim"), value)
        return table

    def _number(self, value: float, unit: str) -> str:
        digits = 0 if value >= 100 or value == int(value) else 1
        return f"{value:.{digits}f}".replace(".", self._comma) + f" {unit}".rstrip()

    def _rate(self, rate: float) -> str:
        return self._number(rate, "")

    def _within(self, seconds: float | None) -> str:
        """The bound below which something lies, when anything happened at all."""
        if seconds is None:
            return "–"
        return "∞" if math.isinf(seconds) else f"≤ {self._time(seconds)}"

    def _time(self, seconds: float) -> str:
        """In the unit that suits it."""
        if 0 < seconds < 1:
            return self._number(seconds * 1000, "ms")
        for unit, size in (("d" if self._comma == "." else "j", 86400), ("h", 3600), ("min", 60)):
            if seconds >= 2 * size:
                return self._number(seconds / size, unit)
        return self._number(seconds, "s")

    def _size(self, size: float) -> str:
        letter = "B" if self._comma == "." else "o"
        for unit, value in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
            if size >= value:
                return self._number(size / value, unit + letter)
        return self._number(size, letter)
