"""Findings about lines that Postfix can't read at all, and values that it can't expand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Place
from scache.admin.reading import override_texts
from scache.config.main_cf import split_setting
from scache.errors import ConfigurationError

__all__ = ["BYTE_ORDER_MARK", "KINDS", "find", "find_options"]

_LINE = Kind(
    "unreadable-line",
    Severity.STOPS_MAIL,
    "A line of main.cf or master.cf can't be read.",
    "Every Postfix program ends with `fatal:` at a line of main.cf without `=`, and master(8) at an entry "
    "of master.cf with fewer than eight "
    "fields or a bad one. A line that begins with white space goes on with the one before it.",
    "Mend the line.",
)
_OPTION = Kind(
    "unreadable-option",
    Severity.STOPS_MAIL,
    "An -o option of a service can't be read.",
    "White space ends an option: of `-o name = value` the program sees `name`, and ends with `fatal: invalid "
    "\"-o name\" option value: missing '=' after attribute name`. A word that no `-o` stands before ends it "
    "with `fatal: unexpected command-line argument`. All that it should have done waits.",
    "Give each parameter its own `-o`, as `-o name=value`, or, for a value with white space, "
    "`-o { name = value }`.",
)
_MARK = Kind(
    "byte-order-mark",
    Severity.STOPS_MAIL,
    "main.cf or master.cf begins with a byte order mark.",
    "An editor of another system has put three bytes before the first line (EF BB BF). To Postfix they are a "
    "part of it: the parameter that stands there isn't set, and nobody warns of it; the service that stands "
    "there isn't found; where it is a comment, each program ends with `fatal:`.",
    "Take the three bytes away.",
)
KINDS = (_LINE, _OPTION, _MARK)

BYTE_ORDER_MARK = "\ufeff"

#: What these programs take are options alone.
_PROGRAMS = ("smtp", "lmtp", "scache", "scache-python", "tlsproxy", "tlsmgr", "qmgr")


def find(configuration: Configuration) -> Iterator[Finding]:
    """The findings about lines."""
    places = {name: setting.place for name, setting in configuration.settings.items()}
    places |= {service.name: service.place for service in configuration.services or ()}
    for name, place in places.items():
        if name.startswith(BYTE_ORDER_MARK) and place is not None:
            said = f"is no {name[1:]}: a byte order mark stands before it"
            yield _MARK.found(name, "", said, place, [_without_mark(place)])
    for fault in configuration.unreadable:
        if fault.line.startswith(BYTE_ORDER_MARK):
            said = f"a byte order mark stands before it: {fault.said}"
            yield _MARK.found(fault.line[:60], "", said, fault.place, [_without_mark(fault.place)])
            continue
        cure = f"# mend line {fault.place.line} of {fault.place.file}"
        yield _LINE.found(fault.line[:60], "", fault.said, fault.place, [cure])


def _without_mark(place: Place) -> str:
    return shlex.join(["sed", "-i", r"1s/^\xEF\xBB\xBF//", place.file])


def find_options(configuration: Configuration) -> Iterator[Finding]:
    """The findings about options of the programs on a connection's way."""
    for service in configuration.effective_services():
        if service.program.rpartition("/")[2] not in _PROGRAMS:
            continue
        loose, mended = _read(service.options)
        faults = [text for text in override_texts(service.options) if _fault(text)]
        entry = " ".join([service.fields(), *mended])
        cure = [configuration.postconf("-M", f"{service.id}={entry}")]
        for text in faults:
            said = f'ends {service.program} with `fatal: invalid "-o {text}" option value: {_fault(text)}`'
            yield _OPTION.found(service.id, "", said, service.place, cure)
        if loose and not faults:
            said = f"ends {service.program} with `fatal: unexpected command-line argument: {loose[0]}`"
            yield _OPTION.found(service.id, "", said, service.place, cure)


def _fault(text: str) -> str | None:
    try:
        split_setting(text)
    except ConfigurationError as error:
        return str(error)
    return None


def _read(options: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Words that belong to no option, and the options as they were meant."""
    loose: list[str] = []
    mended: list[str] = []
    waiting = list(options)
    while waiting:
        word = waiting.pop(0)
        if word == "-o" and waiting:
            text = waiting.pop(0)
            while waiting and (text.endswith("=") or waiting[0].startswith("=")) and waiting[0] != "-o":
                text += waiting.pop(0)
            mended += ["-o", text] if _fault(text.strip("{}")) is None else []
        elif word.startswith("-"):
            mended.append(word)
        else:
            loose.append(word)
            mended += ["-o", word] if _fault(word) is None else []
    return loose, mended
