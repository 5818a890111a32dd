"""Expiry: on whole seconds, saved at s with time to live t, gone at s + t."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_LONG = {"connection_cache_ttl_limit": "10"}

CASES = (
    case(
        "expiry/session/1",
        "A session is still found at s + t - 1.",
        "expiry.seconds",
        """
        save_endp E P A
        advance 1
        held A
        find_endp E = P A
        """,
    ),
    case(
        "expiry/session/2",
        "A session is gone at s + t, and its descriptor is closed.",
        "expiry.seconds expiry.close",
        """
        save_endp E P A
        advance 2
        free A
        find_endp E = miss
        """,
    ),
    case(
        "expiry/session/3",
        "A session closes in its due second without anybody asking.",
        "expiry.close",
        """
        save_endp E P A
        advance 1
        held A
        advance 1
        free A
        log nothing
        """,
    ),
    case(
        "expiry/session/4",
        "A session with ttl 1 lasts to the next second.",
        "expiry.seconds",
        """
        save_endp E P A ttl=1
        held A
        advance 1
        free A
        """,
    ),
    case(
        "expiry/session/5",
        "A younger session of the same endpoint outlives the older one.",
        "expiry.seconds cache.save_endp",
        """
        save_endp E P1 A
        advance 1
        save_endp E P2 B
        advance 1
        free A
        held B
        find_endp E = P2 B
        """,
    ),
    case(
        "expiry/session/6",
        "An older session with a longer time to live outlives a younger one, and stays first until then.",
        "expiry.seconds cache.find_endp",
        """
        save_endp E P1 A ttl=5
        save_endp E P2 B ttl=2
        save_endp E P3 C ttl=5
        advance 2
        free B
        find_endp E = P1 A
        find_endp E = P3 C
        """,
        options=_LONG,
    ),
    case(
        "expiry/session/7",
        "A jump over the due second expires as well.",
        "expiry.seconds",
        """
        save_endp E P A
        advance 500
        free A
        find_endp E = miss
        """,
    ),
    case(
        "expiry/session/8",
        "A session that was found in time is the client's: the cache's clock no longer matters to it.",
        "expiry.seconds cache.find_endp",
        """
        save_endp E P A
        find_endp E = P A
        save_endp E P2 B
        advance 1
        find_endp E = P2 B
        advance 5
        find_endp E = miss
        """,
    ),
    case(
        "expiry/binding/1",
        "A binding is still good at s + t - 1.",
        "expiry.seconds",
        """
        save_dest D DP E
        advance 1
        save_endp E P A
        find_dest D = DP P A
        """,
    ),
    case(
        "expiry/binding/2",
        "A binding is gone at s + t.",
        "expiry.seconds",
        """
        save_dest D DP E
        advance 2
        save_endp E P A
        find_dest D = miss
        """,
    ),
    case(
        "expiry/binding/3",
        "When the older binding expires, the younger one is found.",
        "expiry.seconds cache.find_dest",
        """
        save_dest D DP1 E1
        advance 1
        save_dest D DP2 E2
        save_endp E1 P1 A
        save_endp E2 P2 B
        advance 1
        find_dest D = DP2 P2 B
        """,
    ),
    case(
        "expiry/together/1",
        "Entries that are due in the same second all go.",
        "expiry.seconds expiry.order",
        """
        save_dest D DP E
        save_endp E P1 A
        save_endp E P2 B
        save_endp F P3 C
        advance 2
        free A
        free B
        free C
        find_dest D = miss
        find_endp E = miss
        find_endp F = miss
        """,
    ),
    case(
        "expiry/together/2",
        "A binding and the session it leads to that are due together are both gone.",
        "expiry.order",
        """
        save_endp E P A
        save_dest D DP E
        advance 2
        find_dest D = miss
        save_endp E P B
        find_dest D = miss
        """,
    ),
    case(
        "expiry/together/3",
        "Entries with different due seconds go one after another.",
        "expiry.seconds expiry.order",
        """
        save_endp E P3 C ttl=3
        save_endp E P1 A ttl=1
        save_endp E P2 B ttl=2
        advance 1
        free A
        held B
        advance 1
        free B
        held C
        advance 1
        free C
        """,
        options=_LONG,
    ),
    case(
        "expiry/turn/1",
        "A find that is ready in the turn in which its session falls due misses: timers run first.",
        "expiry.order expiry.same-turn",
        """
        save_endp E P A
        process freeze
        >> request=find_endp label=E .
        pass 2
        process thaw
        << status=2 property= .
        free A
        """,
        whole="while the daemon is stopped it can't come to rest after each byte",
    ),
    case(
        "expiry/turn/2",
        "A find that is ready in the turn before that hits.",
        "expiry.order expiry.same-turn",
        """
        save_endp E P A
        process freeze
        >> request=find_endp label=E .
        pass 1
        process thaw
        << status=0 property=P .
        >> dummy
        << [A]
        >> dummy
        """,
        whole="while the daemon is stopped it can't come to rest after each byte",
    ),
    case(
        "expiry/turn/3",
        "A refresh that is ready in the turn in which the binding falls due comes too late for its place.",
        "expiry.order expiry.same-turn cache.refresh",
        """
        save_dest D DP1 E1 ttl=2
        save_dest D DP2 E2 ttl=5
        process freeze
        >> request=save_dest ttl=5 label=D property=DP1 label=E1 .
        pass 2
        process thaw
        << status=0 .
        save_endp E1 P1 A
        save_endp E2 P2 B
        find_dest D = DP2 P2 B
        """,
        options=_LONG,
        whole="while the daemon is stopped it can't come to rest after each byte",
    ),
    case(
        "expiry/refresh/1",
        "A refreshed binding lives on from the refresh.",
        "expiry.refresh cache.refresh",
        """
        save_dest D DP E
        advance 1
        save_dest D DP E
        advance 1
        save_endp E P A
        find_dest D = DP P A
        """,
    ),
    case(
        "expiry/refresh/2",
        "A refreshed binding goes at the refresh plus its ttl.",
        "expiry.refresh cache.refresh",
        """
        save_dest D DP E
        advance 1
        save_dest D DP E
        advance 2
        save_endp E P A
        find_dest D = miss
        """,
    ),
    case(
        "expiry/refresh/3",
        "A refresh with a shorter ttl shortens the life.",
        "expiry.refresh cache.refresh",
        """
        save_dest D DP E ttl=5
        save_dest D DP E ttl=1
        advance 1
        save_endp E P A
        find_dest D = miss
        """,
        options=_LONG,
    ),
    case(
        "expiry/refresh/4",
        "A refreshed binding keeps its place before one that was saved in between.",
        "cache.refresh expiry.refresh",
        """
        save_dest D DP1 E1
        advance 1
        save_dest D DP2 E2
        save_dest D DP1 E1
        advance 1
        save_endp E2 P2 B
        save_endp E1 P1 A
        find_dest D = DP1 P1 A
        """,
    ),
    case(
        "expiry/refresh/5",
        "A binding saved anew after it expired goes to the end of the list.",
        "cache.refresh cache.save_dest",
        """
        save_dest D DP1 E1 ttl=1
        save_dest D DP2 E2 ttl=5
        advance 1
        save_dest D DP1 E1 ttl=5
        save_endp E1 P1 A
        save_endp E2 P2 B
        find_dest D = DP2 P2 B
        """,
        options=_LONG,
    ),
    case(
        "expiry/refresh/6",
        "Ten refreshes, a second apart, keep a binding alive.",
        "expiry.refresh",
        "\n".join(["save_dest D DP E", "advance 1"] * 10)
        + """
        save_endp E P A
        find_dest D = DP P A
        """,
    ),
    case(
        "expiry/refresh/7",
        "Finding a session through a binding doesn't refresh the binding.",
        "expiry.refresh cache.find_dest",
        """
        save_dest D DP E
        save_endp E P A
        advance 1
        find_dest D = DP P A
        save_endp E P2 B
        advance 1
        find_dest D = miss
        """,
    ),
    case(
        "expiry/clamp/1",
        "A longer ttl is cut to connection_cache_ttl_limit, silently.",
        "ttl.clamp config.ttl-limit",
        """
        save_endp E P A ttl=100
        log nothing
        advance 1
        held A
        advance 1
        free A
        """,
    ),
    case(
        "expiry/clamp/2",
        "A binding's ttl is cut to the limit, too.",
        "ttl.clamp config.ttl-limit",
        """
        save_dest D DP E ttl=100
        log nothing
        advance 2
        save_endp E P A
        find_dest D = miss
        """,
    ),
    case(
        "expiry/clamp/3",
        "The limit is a parameter: with 10 seconds, ttl 10 lasts 10 seconds and ttl 11 as well.",
        "ttl.clamp config.ttl-limit",
        """
        save_endp E P A ttl=10
        save_endp E P B ttl=11
        advance 9
        held A
        held B
        advance 1
        free A
        free B
        """,
        options=_LONG,
    ),
    case(
        "expiry/clamp/4",
        "A ttl below the limit is kept.",
        "ttl.clamp",
        """
        save_endp E P A ttl=3
        advance 2
        held A
        advance 1
        free A
        """,
        options=_LONG,
    ),
    case(
        "expiry/clamp/5",
        "The limit takes a time unit: 1m is sixty seconds.",
        "config.ttl-limit config.time",
        """
        save_endp E P A ttl=100
        advance 59
        held A
        advance 1
        free A
        """,
        options={"connection_cache_ttl_limit": "1m"},
    ),
    case(
        "expiry/back/1",
        "When the clock is set back, what is cached keeps its due second.",
        "expiry.back",
        """
        save_endp E P A
        advance -10
        held A
        advance 11
        held A
        advance 1
        free A
        """,
    ),
    case(
        "expiry/back/2",
        "What is saved after the clock was set back is due by the new time, before the older entry.",
        "expiry.back",
        """
        save_endp E P1 A
        advance -10
        save_endp E P2 B
        advance 2
        free B
        held A
        find_endp E = P1 A
        """,
    ),
    case(
        "expiry/stop/1",
        "When the daemon ends, it closes every session.",
        "cache.stop",
        """
        save_endp E P A
        save_endp F P B
        lose master
        exit 0
        free A
        free B
        log statistics: start interval Jan 15 08:00:00
        log statistics: max simultaneous domains=0 addresses=2 connection=2
        """,
    ),
)
