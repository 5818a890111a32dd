"""Lifecycle: when the daemon ends, and when it doesn't."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_IDLE = {"max_idle": "100s"}

CASES = (
    case(
        "lifecycle/idle/1",
        "Without any client from the start, the daemon ends after max_idle with status 0.",
        "lifecycle.idle config.max-idle",
        """
        advance 99
        running
        advance 1
        exit 0
        log nothing
        """,
        options=_IDLE,
    ),
    case(
        "lifecycle/idle/2",
        "A connected client keeps it alive, however silent.",
        "lifecycle.idle",
        """
        connect
        advance 1000
        running
        find_endp E = miss
        """,
        options=_IDLE,
    ),
    case(
        "lifecycle/idle/3",
        "max_idle counts from the last disconnect.",
        "lifecycle.idle",
        """
        connect
        advance 90
        close
        advance 99
        running
        advance 1
        exit 0
        log nothing
        """,
        options=_IDLE,
    ),
    case(
        "lifecycle/idle/4",
        "One client of two that stays keeps it alive.",
        "lifecycle.idle",
        """
        a: connect
        b: connect
        a: close
        advance 1000
        running
        b: find_endp E = miss
        """,
        options=_IDLE,
    ),
    case(
        "lifecycle/idle/5",
        "A client that comes within max_idle stops the count.",
        "lifecycle.idle",
        """
        advance 99
        connect
        advance 50
        running
        close
        advance 99
        running
        advance 1
        exit 0
        """,
        options=_IDLE,
    ),
    case(
        "lifecycle/idle/6",
        "Cached sessions don't keep it alive; they are closed with it.",
        "lifecycle.idle cache.stop",
        """
        save_endp E P A ttl=1000
        close
        held A
        advance 100
        exit 0
        free A
        log statistics: start interval Jan 15 08:00:00
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
        options={"max_idle": "100s", "connection_cache_ttl_limit": "1000s"},
    ),
    case(
        "lifecycle/idle/7",
        "max_idle takes a time unit.",
        "config.max-idle config.time",
        """
        advance 119
        running
        advance 1
        exit 0
        """,
        options={"max_idle": "2m"},
    ),
    case(
        "lifecycle/idle/8",
        "What falls due while nobody is connected doesn't start the count anew.",
        "lifecycle.idle",
        """
        save_endp E P A ttl=50
        save_dest D Q E ttl=70
        close
        advance 50
        free A
        advance 20
        advance 29
        running
        advance 1
        exit 0
        log statistics: start interval Jan 15 08:00:00
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
        options={"max_idle": "100s", "connection_cache_ttl_limit": "1000s"},
    ),
    case(
        "lifecycle/idle/9",
        "An interval that ends while nobody is connected doesn't start the count anew.",
        "lifecycle.idle",
        """
        find_endp E = miss
        close
        advance 60
        log statistics: start interval Jan 15 08:00:00
        log statistics: address lookup hits=0 miss=1 success=0%
        advance 39
        running
        advance 1
        exit 0
        log nothing
        """,
        options={"max_idle": "100s", "connection_cache_status_update_time": "60s"},
    ),
    case(
        "lifecycle/use/1",
        "max_use is ignored: the daemon serves more clients than that.",
        "config.max-use",
        """
        a: find_endp E = miss
        a: close
        b: find_endp E = miss
        b: close
        c: find_endp E = miss
        c: close
        running
        d: find_endp E = miss
        """,
        options={"max_use": "1"},
    ),
    case(
        "lifecycle/master/1",
        "When the master's end of the status channel closes, the daemon ends with status 0.",
        "lifecycle.master",
        """
        connect
        running
        lose master
        exit 0
        << end
        log nothing
        """,
    ),
    case(
        "lifecycle/master/2",
        "Every client sees the end of input when the daemon ends, also in the middle of a request.",
        "lifecycle.master cache.stop",
        """
        a: connect
        b: find_endp E = miss
        lose master
        exit 0
        a: << end
        b: << end
        log statistics: start interval Jan 15 08:00:00
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "lifecycle/signal/1",
        "SIGTERM ends the daemon: with the statistics and status 0, or at once by the signal, as Postfix's.",
        "lifecycle.terminate cache.stop",
        """
        save_endp E P A
        terminate
        exit 0
        or exit -15
        free A
        << end
        log statistics: start interval Jan 15 08:00:00
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        or log nothing
        """,
    ),
)
