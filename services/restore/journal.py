"""What the restore service says: events of its own streams, in the transaction of what they tell."""

from uuid import UUID

from contracts.envelope import Event
from contracts.streams import stream
from services.platform.database import Connection
from services.platform.jobs import JobRun
from services.restore.workplace import SERVICE, Workplace


def restore_stream(restore_id: UUID) -> str:
    """The stream of one restore's work."""
    return stream(SERVICE, "restore", restore_id)


def upload_stream(upload_id: UUID) -> str:
    """The stream of one upload's work."""
    return stream(SERVICE, "upload", upload_id)


def preflight_stream(preflight_id: UUID) -> str:
    """The stream of one preflight."""
    return stream(SERVICE, "preflight", preflight_id)


def hook_stream(call_id: UUID) -> str:
    """The stream of one call of a hook."""
    return stream(SERVICE, "hook", call_id)


async def tell(workplace: Workplace, c: Connection, run: JobRun, where: str, body: Event) -> None:
    """Append one event of a job, behind what its stream has."""
    await workplace.events.append_next(c, where, [body], run.cause, run.key, now=workplace.clock.now())
