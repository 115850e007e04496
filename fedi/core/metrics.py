"""What is counted for `/metrics`: what happened and how long it took, never with whom.

Rooms count where something happens, with plain objects of prometheus_client:

    INBOX_ACCEPTED.inc()
    INBOX_REFUSED[error.code].inc()
    DELIVERY_LAG[dialect].observe(seconds)

Counting one event takes half a microsecond, an observation one.  With several processes on a
machine (`PROMETHEUS_MULTIPROC_DIR` is set before this is imported) both take about two, and
whichever process is asked answers for all of them; docs/operator/monitoring.md lists the metrics.
"""

from typing import Final, Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

Metric = TypeVar("Metric", bound=MetricWrapperBase)

OTHER = "other"


class Family(dict[str | tuple[str, ...], Metric], Generic[Metric]):
    """The metrics of one kind, by their labels: a look-up, where `labels()` costs four times that.

    However many different labels there are, only the first hundred are told apart: memory, ours
    and that of who reads them, is bounded whatever the labels come from.
    """

    def __init__(self, metric: Metric, limit: int = 100) -> None:
        super().__init__()
        self._metric, self._limit = metric, limit

    def __missing__(self, labels: str | tuple[str, ...]) -> Metric:
        values = (labels,) if isinstance(labels, str) else labels
        if len(self) >= self._limit:
            return self._metric.labels(*(OTHER for _ in values))
        self[labels] = self._metric.labels(*values)
        return self[labels]


#: Seconds between which an answer, a statement or a turn of the loop falls.
_MOMENTS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
#: Seconds between which falls how long something waited in a queue: a moment to two weeks.
_DELAYS = (0.1, 0.5, 2.0, 10.0, 60.0, 600.0, 3600.0, 21600.0, 86400.0)

# --- the inbox ---------------------------------------------------------------------------

INBOX_ACCEPTED = Counter("fedi_inbox_accepted", "Activities accepted: on disk, answered with 202")
INBOX_REFUSED = Family(Counter("fedi_inbox_refused", "Requests to an inbox refused", ["reason"]))
#: done, ignored, later, waiting, failed
INBOX_PROCESSED = Family(
    Counter("fedi_inbox_processed", "Activities read, by what became of them", ["outcome"])
)
INBOX_LAG = Histogram(
    "fedi_inbox_lag_seconds", "From the arrival of an activity to its end", buckets=_DELAYS
)

# --- deliveries, by class of peer: the dialect in which it is told of debates -------------

#: delivered, refused, retry
DELIVERIES = Family(Counter("fedi_deliveries", "Attempts to deliver", ["peer", "result"]))
DELIVERY_SECONDS = Family(
    Histogram("fedi_delivery_seconds", "How long a peer took to answer", ["peer"], buckets=_MOMENTS)
)
DELIVERY_LAG = Family(
    Histogram(
        "fedi_delivery_lag_seconds",
        "From the moment something was said to its delivery",
        ["peer"],
        buckets=_DELAYS,
    )
)
DELIVERIES_IN_FLIGHT = Gauge(
    "fedi_deliveries_in_flight", "Deliveries that wait for an answer", multiprocess_mode="livesum"
)

# --- requests ----------------------------------------------------------------------------

REQUESTS = Family(
    Counter("fedi_requests", "Requests answered", ["method", "route", "status"]), limit=500
)
REQUEST_SECONDS = Family(
    Histogram("fedi_request_seconds", "How long an answer took", ["route"], buckets=_MOMENTS)
)

# --- inside ------------------------------------------------------------------------------

#: ("keys", "hit"): every cache counts its hits and its misses.
CACHED = Family(Counter("fedi_cache_lookups", "Questions asked of a cache", ["cache", "result"]))
#: write, read
DATABASE_WAIT = Family(
    Histogram(
        "fedi_database_wait_seconds", "Waiting for a connection", ["engine"], buckets=_MOMENTS
    )
)
DATABASE_HELD = Family(
    Histogram(
        "fedi_database_held_seconds",
        "How long a unit kept its connection, its commit included",
        ["engine"],
        buckets=_MOMENTS,
    )
)
DATABASE_COMMIT = Histogram(
    "fedi_database_commit_seconds", "How long a commit took", buckets=_MOMENTS
)
LOOP_LAG = Histogram(
    "fedi_loop_lag_seconds", "How late the event loop comes back to a timer", buckets=_MOMENTS
)
MEMORY = Gauge("fedi_memory_bytes", "Resident memory of a process", multiprocess_mode="liveall")
LOGGED = Family(Counter("fedi_log_lines", "Warnings and errors written to the log", ["level"]))
#: 1 in the process that does what only one may do.
LEADER = Gauge("fedi_leader", "Whether this process leads the node", multiprocess_mode="livemax")

# --- the node as a whole: the same whoever is asked (fedi/core/survey.py) ------------------

_LATEST: Final = "mostrecent"
QUEUE_DEPTH = Gauge(
    "fedi_queue_depth",
    "Jobs that wait; counted up to 50,000",
    ["queue"],
    multiprocess_mode=_LATEST,
)
QUEUE_OLDEST = Gauge(
    "fedi_queue_oldest_seconds",
    "Age of the oldest job that waits",
    ["queue"],
    multiprocess_mode=_LATEST,
)
QUEUE_OVERDUE = Gauge(
    "fedi_queue_overdue_seconds",
    "How long the job that is due first has been due",
    ["queue"],
    multiprocess_mode=_LATEST,
)
#: database, media, other
DISK = Gauge("fedi_disk_bytes", "What the node keeps on disk", ["class"], multiprocess_mode=_LATEST)
DISK_FREE = Gauge(
    "fedi_disk_free_bytes", "Room left where the data directory is", multiprocess_mode=_LATEST
)
