"""`scache check`: which scache an instance runs, whether it answers, and what makes its cache useless."""

from __future__ import annotations

from pathlib import Path

from scache.admin.install import PROGRAM_NAME, service_of
from scache.admin.instance import PostfixInstance, add_config_directory
from scache.admin.interposition import heal
from scache.admin.mistakes import mistakes
from scache.checking import TYPE_CHECKING
from scache.client import Client
from scache.errors import ProtocolError
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "run"]

_PATIENCE = 5.0  # seconds for an answer
_LABEL = b"scache check\n"  # no delivery agent's label looks like this


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `scache check`."""
    add_config_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings, one a line; the exit status is 1 if anything needs to be done."""
    instance = PostfixInstance(arguments.config_directory)
    if (healed := heal(instance)) is not None:
        print(healed)
    service = service_of(instance)
    print(f"{instance.directory}: {_installed(instance, service)}")
    answers, text = _answer(instance, service)
    print(f"{service}: {text}")
    found = mistakes(instance, service)
    for mistake in found:
        print(mistake)
    return 0 if answers and not found else 1


def _installed(instance: PostfixInstance, service: str) -> str:
    entry = instance.entry(service)
    if entry is None:
        return f"no service {service} in master.cf"
    if entry.program == PROGRAM_NAME:
        program = Path(instance.value("daemon_directory"), PROGRAM_NAME)
        return f"runs {program}" if program.exists() else f"is to run {program}, which is missing"
    return f"runs {entry.program}, not this project's daemon"


def _answer(instance: PostfixInstance, service: str) -> tuple[bool, str]:
    """Whether all is well with the running service, and what to say of it."""
    if not instance.is_running():
        return True, "not asked, because Postfix is not running"
    path = Path(instance.value("queue_directory"), "private", service.partition("/")[0])
    dialect = POSTFIX_3_6 if instance.speaks_first else POSTFIX_2
    try:
        with Client(str(path), dialect=dialect, timeout=_PATIENCE) as client:
            client.find_endp(_LABEL)
    except (OSError, ProtocolError) as error:
        return False, f"does not answer: {error}"
    return True, "answers"
