"""What the supervisor says of the stack, in a file that other terminals read (spec: messages, "nightkeep status")."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final, Literal
from uuid import UUID

import psutil
from pydantic import BaseModel

from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.private import write_private

StackState = Literal["ready", "starting", "degraded", "down"]
LOCK_TRIES: Final = 5
LOCK_WAIT_SECONDS: Final = 0.1
"""Whoever asks whether a supervisor lives holds the lock for an instant."""
PartState = Literal["starting", "ready", "unready", "restarting", "stopped"]


class PartStatus(BaseModel):
    """One process of the stack."""

    name: str
    kind: Literal["engine", "service"]
    pid: int | None = None
    state: PartState = "stopped"
    address: str | None = None
    restarts: int = 0
    memory_bytes: int | None = None
    """Resident, with its children; measured when asked."""
    started_at: datetime | None = None
    log: Path


class Endpoints(BaseModel):
    """Where everything is reached; `connections_file` has the credentials of Kafka, PostgreSQL and S3."""

    gateway_url: str
    kafka_bootstrap_servers: str
    postgres_dsn: str
    s3_endpoint_url: str | None
    repository_bucket: str
    connections_file: Path


class SampleEnvironments(BaseModel):
    """The ids of the two environments."""

    production: UUID
    acceptance: UUID


class Sample(BaseModel):
    """The sample app; `credentials_file` is JSON {user, api_key} for the gateway."""

    app_id: UUID
    environments: SampleEnvironments
    credentials_file: Path


class Status(BaseModel):
    """The whole answer of `nightkeep status --json`."""

    state: StackState = "down"
    stack_id: UUID | None = None
    data_dir: Path
    supervisor_pid: int | None = None
    parts: list[PartStatus] = []
    endpoints: Endpoints | None = None
    sample: Sample | None = None
    secrets_directory: Path | None = None
    """Where the services look up `secret:<name>`."""
    trouble: str | None = None
    """Why it is not ready, in a sentence."""


@contextmanager
def supervisor_lock(layout: Layout) -> Iterator[None]:
    """Be the only supervisor of this directory, which has said nothing yet. Raises `StackError` if there is one."""
    with layout.lock_file.open("w", encoding="utf-8") as opened:
        for _ in range(LOCK_TRIES):
            if _lock(opened, fcntl.LOCK_EX):
                break
            time.sleep(LOCK_WAIT_SECONDS)
        else:
            raise StackError(f"a stack runs in {layout.root} already: see `nightkeep status`")
        layout.state_file.unlink(missing_ok=True)  # of one that was killed, perhaps while it was ready
        yield


def _lock(opened: IO[str], mode: int) -> bool:
    try:
        fcntl.flock(opened, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_supervised(layout: Layout) -> bool:
    """Whether a supervisor lives here."""
    if not layout.lock_file.exists():
        return False
    with layout.lock_file.open("r", encoding="utf-8") as opened:
        return not _lock(opened, fcntl.LOCK_SH)


def write_state(layout: Layout, status: Status) -> None:
    """Say it."""
    write_private(layout.state_file, status.model_dump_json(indent=2))


def read_state(layout: Layout) -> Status:
    """Return what the supervisor says; `down` when there is no supervisor. Raises `StackError` for another user's."""
    try:
        said = Status.model_validate_json(layout.state_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Status(data_dir=layout.root)
    except PermissionError as error:
        raise StackError(f"{layout.state_file} may not be read: ask as the user who started the stack") from error
    if not is_supervised(layout):
        return Status(data_dir=layout.root, stack_id=said.stack_id, trouble=said.trouble)
    return said


def measured(status: Status) -> Status:
    """Return the same with the parts' memory as of now; looking at every page of every process takes its time."""
    parts = [part.model_copy(update={"memory_bytes": _memory(part.pid)}) for part in status.parts]
    return status.model_copy(update={"parts": parts})


def _memory(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        leader = psutil.Process(pid)
        return sum(_resident(process) for process in (leader, *leader.children(recursive=True)))
    except psutil.NoSuchProcess:
        return None


def _resident(process: psutil.Process) -> int:
    """Return its part of the memory; what PostgreSQL's processes share is counted once where the kernel tells."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
