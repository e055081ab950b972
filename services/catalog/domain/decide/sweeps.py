"""Decisions on sweeps that stopped at their cap (spec: retention §2)."""

from contracts.commands.retention import ApproveSweep
from contracts.errors import RejectionCode
from contracts.events.retention import SweepApproved
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
