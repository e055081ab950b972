"""Decisions on what stopped to ask a person: sweeps at their cap (spec: retention §2), schedules that lag too far."""

from contracts.commands.retention import ApproveSchedule, ApproveSweep
from contracts.errors import RejectionCode
from contracts.events.retention import SweepApproved
from contracts.events.slots import ScheduleApproved
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.environment import Environment


def approve_sweep(environment: Environment, command: ApproveSweep, *, approved_by: str) -> SweepApproved:
    """Only the environment's newest stop."""
    stopped = environment.stopped_sweep
    if stopped is None or stopped.sweep_id != command.sweep_id:
        what = f"sweep {stopped.sweep_id} has" if stopped else "no sweep has"
        reason = f"{what} stopped in {environment.name}: look again at what it asks"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="sweep_id")
    return SweepApproved(sweep_id=command.sweep_id, environment_id=environment.environment_id, approved_by=approved_by)


def approve_schedule(environment: Environment, command: ApproveSchedule, *, approved_by: str) -> ScheduleApproved:
    """Only the environment's newest stop."""
    stopped = environment.stopped_schedule
    if stopped is None or stopped.stop_id != command.stop_id:
        what = f"its stop is {stopped.stop_id}" if stopped else "it has not stopped, or goes on already"
        reason = f"the schedule of {environment.name} did not stop so: {what}"
        raise RefusedError(RejectionCode.INVALID_STATE, reason, field="stop_id")
    return ScheduleApproved(stop_id=command.stop_id, environment_id=environment.environment_id, approved_by=approved_by)
