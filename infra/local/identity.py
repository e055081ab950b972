"""Who PostgreSQL runs as: it refuses root, so root lends it the rights of nobody."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import StackError

UNPRIVILEGED_ACCOUNTS = ("nobody", "postgres", "daemon")
"""`initdb` looks its user up, so a bare number is not enough: the first of these that the machine knows."""


@dataclass(frozen=True)
class Identity:
    """A user without privileges, by number."""

    uid: int
    gid: int

    @property
    def arguments(self) -> tuple[str, str]:
        """The two words that the leash reads."""
        return str(self.uid), str(self.gid)


def unprivileged() -> Identity | None:
    """The user to drop to, or None for a person who is not root anyway. Raises `StackError` if there is none."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(account.pw_uid, account.pw_gid)
    raise StackError("PostgreSQL does not run as root, and this machine has no account 'nobody': run as a normal user")


def blocked_at(path: Path, identity: Identity) -> Path | None:
    """Return the first directory on the way to `path` (itself included) that the user cannot pass, if any."""
    for directory in (*reversed(path.parents), path):
        if directory.exists() and not _may_pass(directory, identity):
            return directory
    return None


def _may_pass(directory: Path, identity: Identity) -> bool:
    status = directory.stat()
    if status.st_uid == identity.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == identity.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
