"""Giving up privileges: the steps, what happens where one fails, and the check that it is for good."""

from __future__ import annotations

import os
import pwd

import pytest

from scache.errors import ConfigurationError, UnavailableError
from scache.postfix.privileges import drop_privileges

NOBODY = pwd.getpwnam("nobody")
UID, GID = NOBODY.pw_uid, NOBODY.pw_gid


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that were made, in order; all of them succeed, but for regaining root."""
    calls: list[str] = []

    def record(name: str) -> None:
        def call(*arguments: object) -> None:
            if arguments == (0,):
                raise PermissionError(1, "Operation not permitted")
            calls.append(f"{name}{arguments}")

        monkeypatch.setattr(os, name, call)

    for name in ("setgid", "initgroups", "chroot", "chdir", "setuid"):
        record(name)
    monkeypatch.setattr(os, "getresuid", lambda: (UID, UID, UID))
    monkeypatch.setattr(os, "getresgid", lambda: (GID, GID, GID))
    return calls


def test_the_steps_come_in_postfix_s_order(kernel: list[str]) -> None:
    drop_privileges("/queue", "nobody")
    assert kernel == [
        f"setgid({GID},)",
        f"initgroups('nobody', {GID})",
        "chroot('/queue',)",
        "chdir('/',)",
        f"setuid({UID},)",
    ]


def test_without_a_user_only_the_root_changes(kernel: list[str]) -> None:
    drop_privileges("/queue", None)
    assert kernel == ["chroot('/queue',)", "chdir('/',)"]


def test_without_a_root_only_the_user_changes(kernel: list[str]) -> None:
    drop_privileges(None, "nobody")
    assert kernel == [f"setgid({GID},)", f"initgroups('nobody', {GID})", f"setuid({UID},)"]


def test_with_neither_nothing_changes(kernel: list[str]) -> None:
    drop_privileges(None, None)
    assert kernel == []


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("setgid", f"setgid({GID}): Operation not permitted"),
        ("initgroups", f"initgroups(nobody, {GID}): Operation not permitted"),
        ("chroot", "chroot(/queue): Operation not permitted"),
        ("chdir", "chdir(/): Operation not permitted"),
        ("setuid", f"setuid({UID}): Operation not permitted"),
    ],
)
def test_a_step_that_fails_is_fatal(
    kernel: list[str], name: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(ConfigurationError) as caught:
        drop_privileges("/queue", "nobody")
    assert str(caught.value) == error
    assert not any(call.startswith(name) for call in kernel)


def test_an_unknown_user_is_fatal_before_the_first_step(kernel: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown user: nosuch$"):
        drop_privileges("/queue", "nosuch")
    assert kernel == []


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", ["setuid", "setgid"])
def test_a_process_that_can_become_root_again_does_not_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, name, lambda _number: None)
    with pytest.raises(UnavailableError, match=rf"^privileges are not dropped: {name}\(0\) succeeds$"):
        drop_privileges(None, "nobody")


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", ["getresuid", "getresgid"])
def test_an_id_that_is_left_over_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, name, lambda: (UID, UID, 0))
    with pytest.raises(UnavailableError, match=r"^privileges are not dropped: uid "):
        drop_privileges(None, "nobody")
