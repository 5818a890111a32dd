"""Giving up privileges, in Postfix's order (chroot_uid.c), and the proof that they are gone for good."""

from __future__ import annotations

import os
import pwd

from scache.checking import TYPE_CHECKING
from scache.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["drop_privileges"]


def drop_privileges(root: str | None, user: str | None) -> None:
    """Make `root` the root directory (None: stay), become `user` (None: stay who we are).

    ConfigurationError with Postfix's text where a step fails; UnavailableError where the process could become
    somebody else again.
    """
    account = None
    if user is not None:
        try:
            account = pwd.getpwnam(user)
        except KeyError as error:
            raise ConfigurationError(f"unknown user: {user}") from error
        _step(f"setgid({account.pw_gid})", lambda: os.setgid(account.pw_gid))
        _step(f"initgroups({user}, {account.pw_gid})", lambda: os.initgroups(user, account.pw_gid))
    if root is not None:
        _step(f"chroot({root})", lambda: os.chroot(root))
        _step("chdir(/)", lambda: os.chdir("/"))
    if account is not None:
        _step(f"setuid({account.pw_uid})", lambda: os.setuid(account.pw_uid))
        _check_dropped(account.pw_uid, account.pw_gid)


def _step(name: str, action: Callable[[], None]) -> None:
    try:
        action()
    except OSError as error:
        raise ConfigurationError(f"{name}: {error.strerror}") from error


def _check_dropped(uid: int, gid: int) -> None:
    """Real, effective and saved ids are the user's, and root can't be had back."""
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid):
        raise UnavailableError(f"privileges are not dropped: uid {os.getresuid()}, gid {os.getresgid()}")
    for name, regain in (("setuid", os.setuid), ("setgid", os.setgid)):
        try:
            regain(0)
        except PermissionError:
            continue
        raise UnavailableError(f"privileges are not dropped: {name}(0) succeeds")
