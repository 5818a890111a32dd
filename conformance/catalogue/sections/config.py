"""Configuration: which parameter values a daemon refuses to start with, and how it says so."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

#: Parameter, value, the fatal text, why.
_REFUSED = (
    (
        "connection_cache_ttl_limit",
        "0",
        "invalid connection_cache_ttl_limit: 0 (min 1)",
        "it must be at least 1",
    ),
    (
        "connection_cache_ttl_limit",
        "2x",
        "parameter connection_cache_ttl_limit: bad time value or unit: 2x",
        "there is no such unit",
    ),
    (
        "connection_cache_ttl_limit",
        "2.5s",
        "parameter connection_cache_ttl_limit: bad time value or unit: 2.5s",
        "times are whole numbers",
    ),
    (
        "connection_cache_status_update_time",
        "0",
        "invalid connection_cache_status_update_time: 0 (min 1)",
        "it must be at least 1",
    ),
    ("max_idle", "0", "invalid max_idle: 0 (min 1)", "it must be at least 1"),
    ("max_idle", "-5s", "parameter max_idle: bad time value or unit: -5s", "times aren't negative"),
    ("ipc_timeout", "0", "invalid ipc_timeout: 0 (min 1)", "it must be at least 1"),
    ("max_use", "x", "bad numerical configuration: max_use = x", "it is no number"),
)


def _refused() -> Iterator[Case]:
    for number, (parameter, value, text, why) in enumerate(_REFUSED, 1):
        yield case(
            f"config/refused/{number}",
            f"{parameter} = {value} is fatal: {why}.",
            "config.refused",
            f"""
            exit 1
            log fatal: {text}
            """,
            options={parameter: value},
        )


CASES = (
    case(
        "config/value/1",
        "A time may have a sign before it.",
        "config.time",
        """
        save_endp E P A ttl=100
        advance 2
        held A
        advance 1
        free A
        """,
        options={"connection_cache_ttl_limit": "+3"},
    ),
    case(
        "config/value/2",
        "The value of another parameter may be used: $max_use is 100.",
        "config.expansion",
        """
        save_endp E P A ttl=1000
        advance 99
        held A
        advance 1
        free A
        """,
        options={"connection_cache_ttl_limit": "$max_use"},
    ),
    case(
        "config/value/3",
        "A conditional value: ${name?{a}:{b}}.",
        "config.expansion",
        """
        save_endp E P A ttl=1000
        advance 6
        held A
        advance 1
        free A
        """,
        options={"connection_cache_ttl_limit": "${no_such_parameter?{5}:{7}}"},
    ),
    case(
        "config/value/4",
        "process_name, process_id and service_name can't be set, and setting them does no harm.",
        "config.read-only",
        """
        find_endp E = miss
        >> request=find_endp .
        << status=1 property= .
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_endp_service: bad or missing request parameter
        """,
        options={"process_name": "x", "process_id": "1", "service_name": "y"},
    ),
    *_refused(),
)
