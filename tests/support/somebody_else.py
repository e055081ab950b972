"""Ways to run a command as a normal user, or without a network, whoever runs the tests."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from infra.local.identity import Identity, blocked_at, unprivileged

LOOPBACK = Path(__file__).with_name("loopback.py")


def as_normal_user() -> list[str]:
    """Return what to put before a command, so that it runs without root's rights; nothing if these are not root's.

    Where the tests' own Python lies in root's home, the one right to pass closed directories stays.
    """
    identity = unprivileged()
    if identity is None:
        return []
    user = ["setpriv", f"--reuid={identity.uid}", f"--regid={identity.gid}", "--clear-groups"]
    return [*user, *_passage(identity), "--"]


def own_by_normal_user(path: Path) -> None:
    """Give a directory to the user of `as_normal_user`."""
    identity = unprivileged()
    if identity:
        for one in (path, *path.rglob("*")):
            os.chown(one, identity.uid, identity.gid)


def with_loopback_only() -> list[str]:
    """Return what to put before a command, so that it finds no network but loopback.

    A kernel that gives a normal user no namespace leaves a proxy that nobody answers, which comes near to it.
    """
    if not _namespaces_are_allowed():
        nowhere = "http://127.0.0.1:9"
        return ["env", f"https_proxy={nowhere}", f"http_proxy={nowhere}", "no_proxy=127.0.0.1"]
    inside = [sys.executable, str(LOOPBACK)]
    if os.geteuid() == 0:
        return ["unshare", "--net", "--", *inside]
    # One user namespace that owns the network: from a second within it, `beside` could not come in.
    same = [f"--map-user={os.getuid()}", f"--map-group={os.getgid()}", "--keep-caps"]
    return ["unshare", "--user", *same, "--net", "--", *inside]


def beside(pid: int) -> list[str]:
    """Return what to put before a command, so that it has the network of this process."""
    if not _namespaces_are_allowed():
        return []
    user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
    return ["nsenter", f"--target={pid}", *user, "--net", "--"]


@cache
def _namespaces_are_allowed() -> bool:
    asked = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    return subprocess.run([*asked, "true"], capture_output=True, check=False).returncode == 0


def _passage(identity: Identity) -> list[str]:
    if blocked_at(Path(sys.executable).resolve().parent, identity) is None:
        return []
    return ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
