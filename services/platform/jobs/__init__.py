"""Long work outside any consumer callback: leased jobs of named steps, heartbeats, epochs (architecture §2.9)."""

from services.platform.jobs.attempt import JobKind
from services.platform.jobs.children import ChildGroups
from services.platform.jobs.errors import JobCancelledError, LeaseLostError, NoProgressError, TriesExhaustedError
from services.platform.jobs.leased import Report
from services.platform.jobs.queue import JobQueue, NewJob
from services.platform.jobs.run import JobRun, ProgressNote, Step
from services.platform.jobs.worker import Worker

__all__ = [
    "ChildGroups",
    "JobCancelledError",
    "JobKind",
    "JobQueue",
    "JobRun",
    "LeaseLostError",
    "NewJob",
    "NoProgressError",
    "ProgressNote",
    "Report",
    "Step",
    "TriesExhaustedError",
    "Worker",
]
