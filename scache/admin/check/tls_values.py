"""Findings about TLS values that are looked at when a session begins, not when the program starts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.tls_use import tls_of
from scache.admin.configuration import Configuration, Effective, Service

__all__ = ["KINDS", "find"]

_VALUE = Kind(
    "tls-value-unusable",
    Severity.STOPS_MAIL,
    "A TLS value is none that smtp(8) takes, or names a file that isn't there.",
    "No session with TLS is begun: smtp(8), or tlsproxy(8), warns `invalid cipher grade`, `Invalid TLS "
    "protocol list`, or that a file can't be loaded. Mail that demands TLS is deferred, and other mail goes "
    "out in clear text.",
    "Set it to a value of its kind, or take it out of main.cf: then it has its default.",
)
KINDS = (_VALUE,)

_GRADES = ("high", "medium", "low", "export")
_PROTOCOL = re.compile(
    r"!?(sslv[23]|tlsv1(\.[123])?)|[<>]=(sslv[23]|tlsv1(\.[123])?|[0-9a-fx]+)?", re.IGNORECASE
)
_FILES = ("CAfile", "cert_file", "eccert_file")


def find(
    configuration: Configuration, service: Service, effective: Effective, files: Files
) -> Iterator[Finding]:
    """The findings about an agent that may use TLS."""
    tls = tls_of(service, effective, files)
    if not tls.is_possible:
        return
    levels = {
        tls.level,
        *(policy.replace(",", " ").split()[0].lower() for _to, policy in tls.policies if policy),
    }
    wanted = ["tls_"] if "may" in levels or tls.unknown else []
    wanted += ["tls_mandatory_"] if levels - {"may", "none"} or tls.unknown else []
    for part in wanted:
        grade, protocols = f"{service.agent}_{part}ciphers", f"{service.agent}_{part}protocols"
        value = effective.text(grade)
        if value and value.lower() not in _GRADES:  # nothing ends the program
            close = difflib.get_close_matches(value.lower(), _GRADES, 1)
            cure = (
                configuration.set_commands(service, effective, grade, close[0])
                if close
                else _drop(configuration, service, effective, grade)
            )
            yield _VALUE.found(
                *effective.subject_and_value(grade), "is no cipher grade", effective.place(grade), cure
            )
        wrong = [word for word in re.split(r"[\s,:]+", effective.text(protocols)) if word]
        wrong = [word for word in wrong if not _PROTOCOL.fullmatch(word)]
        if wrong:
            said = f"is no list of protocols: {wrong[0]}"
            cure = _drop(configuration, service, effective, protocols)
            yield _VALUE.found(
                *effective.subject_and_value(protocols), said, effective.place(protocols), cure
            )
    for rest in _FILES:
        name = f"{service.agent}_tls_{rest}"
        path = effective.text(name)
        if path.startswith("/") and files.is_missing(path):
            by_hand = [f"# put the file there, or take {name} out"]
            yield _VALUE.found(
                *effective.subject_and_value(name), "is not there", effective.place(name), by_hand
            )


def _drop(configuration: Configuration, service: Service, effective: Effective, name: str) -> list[str]:
    if effective.is_own(name):
        return [configuration.postconf("-PX", f"{service.id}/{name}")]
    return [configuration.postconf("-X", name)]
