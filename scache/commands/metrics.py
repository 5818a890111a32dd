"""What a cache or a mail log comes to, as metrics of Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from scache.commands.asking import Asked
from scache.errors import ScacheError
from scache.maillog.event import Maxima
from scache.maillog.follow import Follower
from scache.maillog.summary import Summary

__all__ = ["LogMetrics", "StatusMetrics"]

_LOOKUPS = ("scache_lookups", "Lookups by what was asked for, and whether a session was found.")
_ENDED = (
    "scache_sessions_ended_by_peer",
    "Cached sessions that their remote sides have closed, or spoken on (scache_watch).",
)
_CACHED = {
    "sessions": "Sessions in the cache.",
    "endpoints": "Endpoints with a session.",
    "destinations": "Destinations with a binding.",
    "bindings": "Bindings of destinations to endpoints.",
}


class StatusMetrics(Collector):
    """Asks this project's daemon each time that somebody wants to know."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def collect(self) -> Iterator[Metric]:
        """The metrics; of a daemon that doesn't answer only that it doesn't."""
        try:
            told = self._asked.status()
        except ScacheError:
            told = None
        yield GaugeMetricFamily("scache_up", "Whether the daemon answers.", value=float(told is not None))
        if told is not None:
            yield from _of_status(told)


def _of_status(told: dict[str, Any]) -> Iterator[Metric]:
    yield InfoMetricFamily("scache", "The daemon.", value={"version": told["version"]})
    yield GaugeMetricFamily("scache_uptime_seconds", "Since the daemon began.", value=told["seconds"])
    yield GaugeMetricFamily("scache_clients", "Clients that are connected.", value=told["clients"])
    lookups = CounterMetricFamily(*_LOOKUPS, labels=["kind", "result"])
    for kind, found in told["lookups"].items():
        lookups.add_metric([kind, "hit"], found["hits"])
        lookups.add_metric([kind, "miss"], found["misses"])
    yield lookups
    yield CounterMetricFamily(
        "scache_sessions_saved", "Sessions that clients gave away.", value=told["saved"]
    )
    ended = CounterMetricFamily(*_ENDED, labels=["how"])
    for how, number in told["ended_by_peer"].items():
        ended.add_metric([how], number)
    yield ended
    cached = told["cached"]
    for name, meaning in _CACHED.items():
        yield GaugeMetricFamily(f"scache_{name}", meaning, value=cached[name])
    yield GaugeMetricFamily(
        "scache_cached_bytes", "Labels and properties in the cache.", value=cached["bytes"]
    )
    misses = GaugeMetricFamily(
        "scache_last_misses", "Of the last lookups that found nothing, how many why.", labels=["kind", "why"]
    )
    for kind, last in told["misses"].items():
        reasons = [miss["why"] for miss in last]
        for why in sorted(set(reasons)):
            misses.add_metric([kind, why], reasons.count(why))
    yield misses
    ages = told["ages"]
    buckets = [(f"{float(age)}", number) for age, number in ages["at_most"].items()]
    yield GaugeHistogramMetricFamily(
        "scache_session_age_seconds",
        "For how long the sessions have been in the cache.",
        buckets=[*buckets, ("+Inf", ages["count"])],
        gsum_value=ages["sum"],
    )


class LogMetrics(Collector):
    """Follows a mail log, from its present end on."""

    def __init__(self, path: Path) -> None:
        self._follower = Follower(path)
        self._summary = Summary(over_time=False)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Look no more."""
        self._follower.close()

    def look(self) -> None:
        """Read what is new."""
        with self._lock:
            self._summary.add(self._follower.lines())

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        self.look()
        with self._lock:
            yield from _of_log(self._summary)


def _of_log(summary: Summary) -> Iterator[Metric]:
    lookups = CounterMetricFamily(*_LOOKUPS, labels=["syslog_name", "kind", "result"])
    ended = CounterMetricFamily(*_ENDED, labels=["syslog_name", "how"])
    peaks = {
        name: GaugeMetricFamily(
            f"scache_peak_{name}", f"At most in the last interval. {meaning}", labels=["syslog_name"]
        )
        for name, meaning in _CACHED.items()
        if name != "bindings"
    }
    for name, cache in sorted(summary.caches.items()):
        for by, kind in (("domain", "destination"), ("address", "endpoint")):
            for hit, result in ((True, "hit"), (False, "miss")):
                lookups.add_metric([name, kind, result], cache.lookups[by, hit])
        for how in ("closed", "spoke"):
            ended.add_metric([name, how], cache.ended[how])
        last: Maxima = cache.last
        for what, number in (
            ("sessions", last.connections),
            ("endpoints", last.addresses),
            ("destinations", last.domains),
        ):
            peaks[what].add_metric([name], number)
    yield lookups
    yield ended
    yield from peaks.values()
    whole = summary.whole()
    mails = CounterMetricFamily(
        "scache_mails", "Mails sent, by whether their connection was used before.", labels=["reused"]
    )
    mails.add_metric(["yes"], whole.reused)
    mails.add_metric(["no"], whole.mails - whole.reused)
    yield mails
    warnings = CounterMetricFamily(
        "scache_warnings", "What was warned of around the cache (docs/log.md).", labels=["warning"]
    )
    for kind_of_warning, seen in summary.warnings.items():
        warnings.add_metric([kind_of_warning.name], seen.times)
    yield warnings
