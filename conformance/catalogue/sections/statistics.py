"""Statistics: four lines, each only where there is something to say, and counters that start again."""

from __future__ import annotations

from conformance.catalogue.language.dialogue import case

__all__ = ["CASES"]

_START = "log statistics: start interval Jan 15 08:00:00"

CASES = (
    case(
        "statistics/lines/1",
        "An interval without a request logs nothing.",
        "statistics.lines",
        """
        connect
        advance 600
        log nothing
        """,
    ),
    case(
        "statistics/lines/2",
        "A find_dest that misses: start and domain lookup.",
        "statistics.lines statistics.misses",
        f"""
        find_dest D = miss
        advance 600
        {_START}
        log statistics: domain lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/lines/3",
        "A find_endp that misses: start and address lookup.",
        "statistics.lines statistics.misses",
        f"""
        find_endp E = miss
        advance 600
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/lines/4",
        "A save_dest: start and maxima, without a lookup line.",
        "statistics.lines statistics.maxima",
        f"""
        save_dest D DP E
        advance 600
        {_START}
        log statistics: max simultaneous domains=1 addresses=0 connection=0
        """,
    ),
    case(
        "statistics/lines/5",
        "A save_endp: start and maxima, without a lookup line.",
        "statistics.lines statistics.maxima",
        f"""
        save_endp E P A
        advance 600
        {_START}
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/lines/6",
        "Both lookups and no save: three lines.",
        "statistics.lines",
        f"""
        find_dest D = miss
        find_endp E = miss
        find_endp E = miss
        advance 600
        {_START}
        log statistics: domain lookup hits=0 miss=1 success=0%
        log statistics: address lookup hits=0 miss=2 success=0%
        """,
    ),
    case(
        "statistics/lines/7",
        "Domain lookups and saves: three lines.",
        "statistics.lines statistics.hits",
        f"""
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        advance 600
        {_START}
        log statistics: domain lookup hits=1 miss=0 success=100%
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/lines/8",
        "Address lookups and saves: three lines.",
        "statistics.lines statistics.hits",
        f"""
        save_endp E P A
        find_endp E = P A
        advance 600
        {_START}
        log statistics: address lookup hits=1 miss=0 success=100%
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/lines/9",
        "All of it: four lines.",
        "statistics.lines statistics.hits statistics.misses",
        f"""
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        find_dest D = miss
        find_endp E = miss
        advance 600
        {_START}
        log statistics: domain lookup hits=1 miss=1 success=50%
        log statistics: address lookup hits=0 miss=1 success=0%
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/success/1",
        "Success is rounded down: 1 of 3 is 33 %.",
        "statistics.success",
        f"""
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        find_dest D = miss
        find_dest D = miss
        advance 600
        {_START}
        log statistics: domain lookup hits=1 miss=2 success=33%
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/success/2",
        "Success is rounded down: 2 of 3 is 66 %.",
        "statistics.success",
        f"""
        save_endp E P A
        save_endp E P B
        find_endp E = P A
        find_endp E = P B
        find_endp E = miss
        advance 600
        {_START}
        log statistics: address lookup hits=2 miss=1 success=66%
        log statistics: max simultaneous domains=0 addresses=1 connection=2
        """,
    ),
    case(
        "statistics/maxima/1",
        "The maxima are those of the interval, not what is there at its end.",
        "statistics.maxima cache.size",
        f"""
        save_endp E P A
        save_endp E P B
        save_endp F P C
        advance 2
        advance 598
        {_START}
        log statistics: max simultaneous domains=0 addresses=2 connection=3
        """,
    ),
    case(
        "statistics/maxima/2",
        "A session that was found no longer counts for the next maximum.",
        "statistics.maxima cache.size cache.disappear",
        f"""
        save_endp E P A
        find_endp E = P A
        save_endp F P B
        advance 600
        {_START}
        log statistics: address lookup hits=1 miss=0 success=100%
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/maxima/3",
        "An expired binding no longer counts: its destination is gone with it.",
        "statistics.maxima cache.size cache.disappear",
        f"""
        save_dest D1 DP E
        advance 2
        save_dest D2 DP E
        advance 598
        {_START}
        log statistics: max simultaneous domains=1 addresses=0 connection=0
        """,
    ),
    case(
        "statistics/maxima/4",
        "Bindings of one destination count once, destinations each.",
        "statistics.maxima cache.size",
        f"""
        save_dest D1 DP1 E1
        save_dest D1 DP2 E2
        save_dest D1 DP1 E3
        save_dest D2 DP1 E1
        advance 600
        {_START}
        log statistics: max simultaneous domains=2 addresses=0 connection=0
        """,
    ),
    case(
        "statistics/maxima/5",
        "A refresh adds no destination.",
        "statistics.maxima cache.refresh",
        f"""
        save_dest D DP E
        save_dest D DP E
        advance 600
        {_START}
        log statistics: max simultaneous domains=1 addresses=0 connection=0
        """,
    ),
    case(
        "statistics/maxima/6",
        "An endpoint that only a binding names isn't counted.",
        "statistics.maxima cache.size cache.independent",
        f"""
        save_dest D DP E
        save_endp F P A
        advance 600
        {_START}
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/maxima/7",
        "A save_dest looks at addresses, and not at connections.",
        "statistics.maxima statistics.reset",
        f"""
        save_endp E P A ttl=1000
        save_endp E P B ttl=1000
        advance 600
        {_START}
        log statistics: max simultaneous domains=0 addresses=1 connection=2
        save_dest D DP E
        advance 600
        log statistics: start interval Jan 15 08:10:00
        log statistics: max simultaneous domains=1 addresses=1 connection=0
        """,
        options={"connection_cache_ttl_limit": "1000"},
    ),
    case(
        "statistics/maxima/8",
        "A save_endp doesn't look at destinations.",
        "statistics.maxima statistics.reset",
        f"""
        save_dest D DP E ttl=1000
        advance 600
        {_START}
        log statistics: max simultaneous domains=1 addresses=0 connection=0
        save_endp E P A
        advance 600
        log statistics: start interval Jan 15 08:10:00
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        """,
        options={"connection_cache_ttl_limit": "1000"},
    ),
    case(
        "statistics/bad/1",
        "Bad and unknown requests, and a missing descriptor, count nowhere.",
        "statistics.bad",
        """
        >> request=find_dest .
        << status=1 property= property= .
        >> request=find_endp .
        << status=1 property= .
        >> request=save_dest .
        << status=1 .
        >> request=save_endp .
        << status=1 .
        >> request=save_endp ttl=2 label=E property=P .
        << dummy
        >> []
        << status=2 .
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_dest_service: bad or missing request parameter
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_endp_service: bad or missing request parameter
        log warning: missing attribute ttl in input from scache socket
        log warning: scache_save_dest_service: bad or missing request parameter
        log warning: missing attribute ttl in input from scache socket
        log warning: scache_save_endp_service: bad or missing request parameter
        log warning: scache_save_endp_service: unable to receive file descriptor: REASON
        advance 600
        log nothing
        """,
    ),
    case(
        "statistics/interval/1",
        "Nothing is logged before the interval is over.",
        "statistics.interval config.status-update-time",
        f"""
        find_endp E = miss
        advance 599
        log nothing
        advance 1
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/interval/2",
        "Counters start again from zero, and the next interval starts where this one ended.",
        "statistics.interval statistics.reset",
        f"""
        find_endp E = miss
        advance 600
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        find_dest D = miss
        advance 600
        log statistics: start interval Jan 15 08:10:00
        log statistics: domain lookup hits=0 miss=1 success=0%
        advance 600
        log nothing
        """,
    ),
    case(
        "statistics/reset/1",
        "After an interval in which everything was counted, one in which nothing happens logs nothing.",
        "statistics.reset statistics.interval",
        f"""
        save_dest D DP E
        save_endp E P A
        save_endp E P B
        find_dest D = DP P A
        find_dest N = miss
        find_endp E = P B
        find_endp E = miss
        advance 600
        {_START}
        log statistics: domain lookup hits=1 miss=1 success=50%
        log statistics: address lookup hits=1 miss=1 success=50%
        log statistics: max simultaneous domains=1 addresses=1 connection=2
        advance 600
        log nothing
        find_endp E = miss
        advance 600
        log statistics: start interval Jan 15 08:20:00
        log statistics: address lookup hits=0 miss=1 success=0%
        find_dest N = miss
        advance 600
        log statistics: start interval Jan 15 08:30:00
        log statistics: domain lookup hits=0 miss=1 success=0%
        save_endp E P A
        advance 600
        log statistics: start interval Jan 15 08:40:00
        log statistics: max simultaneous domains=0 addresses=1 connection=1
        save_dest D DP E
        advance 600
        log statistics: start interval Jan 15 08:50:00
        log statistics: max simultaneous domains=1 addresses=0 connection=0
        """,
    ),
    case(
        "statistics/success/3",
        "Success is rounded down: 199 of 200 is 99 %, 1 of 201 is 0 %.",
        "statistics.success",
        "\n".join(
            (
                "save_dest D DP E ttl=2",
                *["save_endp E P A ttl=2\nfind_dest D = DP P A"] * 199,
                "find_dest N = miss",
                "save_endp E P A ttl=2\nfind_endp E = P A",
                *["find_endp N = miss"] * 200,
                f"advance 600\n{_START}",
                "log statistics: domain lookup hits=199 miss=1 success=99%",
                "log statistics: address lookup hits=1 miss=200 success=0%",
                "log statistics: max simultaneous domains=1 addresses=1 connection=1",
            )
        ),
        whole="a dialogue of this length byte by byte tells nothing that shorter ones don't",
    ),
    case(
        "statistics/interval/3",
        "The interval is a parameter.",
        "statistics.interval config.status-update-time",
        f"""
        find_endp E = miss
        advance 4
        log nothing
        advance 1
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
        options={"connection_cache_status_update_time": "5s"},
    ),
    case(
        "statistics/interval/4",
        "A silent interval moves the start of the next one.",
        "statistics.interval",
        """
        connect
        advance 600
        log nothing
        find_endp E = miss
        advance 600
        log statistics: start interval Jan 15 08:10:00
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/interval/5",
        "A jump over several intervals logs once; the next interval counts from the jump's end.",
        "statistics.interval",
        f"""
        find_endp E = miss
        advance 1900
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        find_endp E = miss
        advance 599
        log nothing
        advance 1
        log statistics: start interval Jan 15 08:31:40
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/day/1",
        "The day is padded with a blank.",
        "statistics.start",
        """
        connect
        advance 1555200
        find_endp E = miss
        advance 600
        log statistics: start interval Feb  2 08:00:00
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
    ),
    case(
        "statistics/exit/1",
        "The statistics are logged when the master is gone.",
        "statistics.exit lifecycle.master",
        f"""
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        lose master
        exit 0
        {_START}
        log statistics: domain lookup hits=1 miss=0 success=100%
        log statistics: max simultaneous domains=1 addresses=1 connection=1
        """,
    ),
    case(
        "statistics/exit/2",
        "The statistics are logged at the idle exit.",
        "statistics.exit lifecycle.idle",
        f"""
        find_endp E = miss
        close
        advance 100
        exit 0
        {_START}
        log statistics: address lookup hits=0 miss=1 success=0%
        """,
        options={"max_idle": "100s"},
    ),
    case(
        "statistics/exit/3",
        "Without a request nothing is logged at exit.",
        "statistics.exit statistics.lines",
        """
        connect
        lose master
        exit 0
        log nothing
        """,
    ),
)
