"""Counters of this process, for `/metrics`: what happened, never with whom."""

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "fedi_deliveries", "Attempts to deliver an activity, by how they ended", ["outcome"]
)
DELIVERY_SECONDS = Histogram("fedi_delivery_seconds", "How long peers took to answer a delivery")
DELIVERIES_IN_FLIGHT = Gauge("fedi_deliveries_in_flight", "Deliveries that wait for an answer")
