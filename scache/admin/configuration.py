"""A Postfix configuration as it was read: settings and services with their places, and what a program sees.

Pure: whoever reads the files hands in their text (reading.py) and what the installed release knows.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scache.admin.parameters import DEFAULTS
from scache.config.expansion import expand
from scache.config.main_cf import MainCf
from scache.config.values import Values
from scache.errors import ConfigurationError
from scache.protocol.dialect import announces

__all__ = ["AGENTS", "Configuration", "Effective", "Fault", "Place", "Service", "Setting"]

#: Names under which the program of the delivery agents runs; they prefix its parameters.
AGENTS = ("smtp", "lmtp")
#: Programs that the queue manager hands mail to.
_TRANSPORTS = (*AGENTS, "local", "virtual", "pipe", "error", "discard")
#: The earliest release whose delivery agents use tlsproxy(8).
_TLS_REUSE = (3, 4)


@dataclass(frozen=True)
class Place:
    """Where something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Setting:
    """A parameter as it is set, not expanded."""

    value: str
    place: Place | None


@dataclass(frozen=True)
class Fault:
    """A line that Postfix can't read."""

    place: Place
    line: str
    said: str


@dataclass(frozen=True)
class Service:
    """An entry of master.cf; a field with its default is `-`."""

    name: str
    type: str
    private: str
    unprivileged: str
    chroot: str
    wakeup: str
    process_limit: str
    program: str
    options: tuple[str, ...]
    overrides: Mapping[str, Setting]
    """Parameters that its `-o` options set."""
    place: Place

    @property
    def id(self) -> str:
        """`name/type`, as postconf(1) wants it."""
        return f"{self.name}/{self.type}"

    @property
    def agent(self) -> str | None:
        """`smtp` or `lmtp` where this is a delivery agent, which connects to other servers."""
        name = self.program.rpartition("/")[2]
        return name if name in AGENTS else None

    @property
    def is_transport(self) -> bool:
        """Whether the queue manager can hand mail to it."""
        return self.type == "unix" and self.program.rpartition("/")[2] in _TRANSPORTS

    def fields(self, **changes: str) -> str:
        """The entry without its options, as postconf -M takes it, with some fields changed."""
        fields = {
            "name": self.name,
            "type": self.type,
            "private": self.private,
            "unprivileged": self.unprivileged,
            "chroot": self.chroot,
            "wakeup": self.wakeup,
            "process_limit": self.process_limit,
            "program": self.program,
            **changes,
        }
        return " ".join(fields.values())


class Effective:
    """The values that one program sees: its `-o` options, then main.cf, then the release's defaults."""

    def __init__(self, configuration: Configuration, service: Service | None = None) -> None:
        self.service = service
        self._settings = {**configuration.settings, **(service.overrides if service else {})}
        self._main_cf = MainCf(configuration.directory, lambda _warning: None)
        for name, default in configuration.defaults.items():
            self._main_cf.set(name, default)
        self._main_cf.set("config_directory", configuration.directory)
        for name, setting in self._settings.items():
            self._main_cf.set(name, setting.value)
        if service is not None:
            self._main_cf.set("service_name", service.name)
        self.values = Values(self._main_cf)
        """Values by type. ConfigurationError with Postfix's text for one that a program dies of."""

    def text(self, name: str) -> str:
        """The expanded value; empty where it can't be expanded, or this release has no such parameter."""
        try:
            return self._main_cf.value(name, "")
        except ConfigurationError:
            return ""

    def expand(self, text: str) -> str:
        """A text with what it refers to; empty where it can't be expanded."""
        return expand(text, self._main_cf.raw, lambda _warning: None) or ""

    def is_yes(self, name: str) -> bool:
        """Whether a yes-or-no parameter says yes, in any case of letters."""
        return self.text(name).lower() == "yes"

    def is_no(self, name: str) -> bool:
        """Whether it says no; a value that is neither is fatal, and says nothing."""
        return self.text(name).lower() == "no"

    def seconds(self, name: str) -> int | None:
        """A time; None where the value is none, or below what Postfix takes."""
        try:
            return self.values.time(name, "", minimum=0)
        except ConfigurationError:
            return None

    def setting(self, name: str) -> Setting | None:
        """How and where it is set, None for a default."""
        return self._settings.get(name)

    def subject(self, name: str) -> str:
        """The parameter as a finding names it: with the service, where that sets it."""
        return f"{self.service.id} -o {name}" if self.service and self.is_own(name) else name

    def subject_and_value(self, name: str) -> tuple[str, str]:
        """What a finding about a parameter begins with."""
        return self.subject(name), self.text(name)

    def names(self) -> list[str]:
        """The parameters that are set."""
        return list(self._settings)

    def place(self, name: str) -> Place | None:
        """Where it is set."""
        setting = self._settings.get(name)
        return setting.place if setting else None

    def is_own(self, name: str) -> bool:
        """Whether the service sets it with `-o`."""
        return self.service is not None and name in self.service.overrides


@dataclass(frozen=True)
class Configuration:
    """An instance's configuration."""

    directory: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    services: Sequence[Service] | None = None
    """None where master.cf is not known."""
    commented_out: Sequence[Service] = ()
    """Comments of master.cf that would be entries."""
    defaults: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    release: tuple[int, int] = (3, 7)
    is_default: bool = False
    """Whether postconf(1) means this one without being told."""
    table_types: frozenset[str] | None = None
    """Types of lookup tables that this release was built with, None where that isn't known."""
    unreadable: Sequence[Fault] = ()
    warnings: Sequence[str] = ()
    """What postconf(1) warns of, without its name."""

    @property
    def agents(self) -> list[Service]:
        """The delivery agents of master.cf, or the usual ones where it isn't known."""
        if self.services is not None:
            return [service for service in self.effective_services() if service.agent]
        return [
            Service(name, "unix", "-", "-", "-", "-", "-", name, (), {}, Place("master.cf", 0))
            for name in AGENTS
        ]

    def effective_services(self) -> list[Service]:
        """The entries that count: master(8) uses the last of several with the same name and type."""
        return list({service.id: service for service in self.services or ()}.values())

    def service(self, name: str, type_: str = "unix") -> Service | None:
        """The entry of this name and type that counts."""
        wanted = f"{name}/{type_}"
        return next((each for each in self.effective_services() if each.id == wanted), None)

    def switched_off_by(self, service: Service) -> str | None:
        """The element of master_service_disable for which master(8) doesn't listen for a service, in any case
        of letters.
        """
        names = {text.lower() for text in (service.type, service.id, f"{service.name}.{service.type}")}
        for element in self.main().text("master_service_disable").replace(",", " ").split():
            pattern = element.lstrip("!")
            if pattern.lower() in names:
                return None if (len(element) - len(pattern)) % 2 else element
        return None

    def main(self) -> Effective:
        """What a program without `-o` options sees."""
        return Effective(self)

    @property
    def cache_service(self) -> str:
        """The service that is asked for connections by agents that have no name of their own for it."""
        return self.main().text("connection_cache_service_name")

    @property
    def hands_tls_on(self) -> bool:
        """Whether this release can hand TLS connections on at all, through tlsproxy(8)."""
        return self.release >= _TLS_REUSE

    @property
    def speaks_first(self) -> bool:
        """Whether its servers announce their protocol."""
        return announces(self.main().text("mail_version"))

    def postconf(self, option: str, *words: str) -> str:
        """A postconf command for this instance, as one would type it."""
        where = [] if self.is_default else ["-c", self.directory]
        return shlex.join(["postconf", *where, option, *words])

    def set_commands(
        self, service: Service, effective: Effective, name: str, value: str, beside: str = ""
    ) -> list[str]:
        """The commands that set a parameter where the service has it, or the one named by `beside`, from."""
        if effective.is_own(name) or effective.is_own(beside):
            return self.own_commands(service.id, name, value)
        return [self.postconf("-e", f"{name}={value}")]

    def own_commands(self, service: str, name: str, value: str) -> list[str]:
        """The commands that set a parameter for a service (`name/type`) alone.

        postconf -P takes no white space, so a value with some becomes a parameter of its own in main.cf.
        """
        if not re.search(r"\s", value):
            return [self.postconf("-P", f"{service}/{name}={value}")]
        its = re.sub(r"\W", "_", service.partition("/")[0]) + "_" + name
        return [self.postconf("-e", f"{its}={value}"), self.postconf("-P", f"{service}/{name}=${its}")]
