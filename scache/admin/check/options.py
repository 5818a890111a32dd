"""Findings about options of master.cf that set what another program reads."""

from __future__ import annotations

from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.names import OF_TRANSPORT
from scache.admin.check.put import Consequences, put, put_option
from scache.admin.configuration import Configuration, Service
from scache.admin.parameters import PARAMETERS

__all__ = ["KINDS", "find"]

_OTHERS = Kind(
    "option-of-another",
    Severity.LESS_REUSE,
    "An -o option sets a parameter that this program doesn't read.",
    "smtp(8) reads `smtp_...`, lmtp(8) `lmtp_...`; scache(8) reads neither, and its own limits are read by "
    "no delivery agent. Pauses, concurrency and recipient limits of a transport are read by the queue "
    "manager, from main.cf. An option for another one has no effect, and nobody warns of it.",
    "Set the parameter of the program that the entry runs, or set in main.cf what another one reads.",
)
KINDS = (_OTHERS,)

_OF_CACHE = {parameter.name for parameter in PARAMETERS if parameter.program == "scache"}


def find(configuration: Configuration, consequences: Consequences) -> Iterator[Finding]:
    """Options that another delivery agent reads."""
    for service in configuration.effective_services():
        program = service.program.rpartition("/")[2]
        if program not in ("smtp", "lmtp", "scache", "scache-python"):
            continue
        for name, setting in service.overrides.items():
            if program in ("smtp", "lmtp") and (elsewhere := _read_elsewhere(service, name)):
                meant, reader = elsewhere
                cure = [configuration.postconf("-PX", f"{service.id}/{name}")]
                if meant not in configuration.settings:
                    cure += put(configuration, meant, setting, None, consequences)
                said = f"{reader} reads it, from main.cf"
                yield _OTHERS.found(f"{service.id} -o {name}", setting.value, said, setting.place, cure)
                continue
            prefix, _bar, rest = name.partition("_")
            if prefix not in ("smtp", "lmtp") or prefix == program or name not in configuration.defaults:
                continue
            cure = [configuration.postconf("-PX", f"{service.id}/{name}")]
            own = f"{program}_{rest}"
            if own in configuration.defaults and own not in service.overrides:
                cure += put_option(configuration, service, own, setting, consequences)
            said = f"{program}(8) doesn't read it"
            yield _OTHERS.found(f"{service.id} -o {name}", setting.value, said, setting.place, cure)


def _read_elsewhere(service: Service, name: str) -> tuple[str, str] | None:
    """The parameter of main.cf that was meant by an option of a delivery agent, and who reads it."""
    if (match := OF_TRANSPORT.fullmatch(name)) and match[1] != "initial":
        return f"{service.name}_{match[2]}", "the queue manager"
    return (name, "scache(8)") if name in _OF_CACHE else None
