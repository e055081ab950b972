"""Applies approved policy changes to the backups that there were, a bounded number in each transaction."""

from itertools import islice
from typing import Final
from uuid import UUID

from contracts.envelope import Cause
from services.catalog.adapters.across import governed_backups
from services.catalog.adapters.desk import Desk, queries
from services.catalog.domain.decide import policies as rules
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.policy_change import PolicyChange
from services.catalog.saying import Teller
from services.catalog.timers import Timer

AT_ONCE: Final = 200
"""So many backups change in one transaction: commands about the same app wait for no longer than that takes."""


async def _apply(desk: Desk, teller: Teller, policy_change_id: UUID, cause: Cause) -> bool:
    """Restamp some more backups, else say that the change is applied. Whether there is more to do."""
    change = await desk.find(PolicyChange, policy_change_id)
    if change is None or not rules.is_due(change, now=teller.now()):
        return False
    for environment_id in change.left:
        if await _is_governed(desk, change, environment_id) and await _restamp(
            desk, teller, change, environment_id, cause
        ):
            return True
    await teller.say(desk, change, [rules.applied(change)], cause)
    return False


async def _is_governed(desk: Desk, change: PolicyChange, environment_id: UUID) -> bool:
    """An environment that has got a policy of its own since the simulation is not its app's any more."""
    environment = await desk.find(Environment, environment_id)
    return environment is not None and (change.environment_id is not None or environment.policy is None)


async def _restamp(desk: Desk, teller: Teller, change: PolicyChange, environment_id: UUID, cause: Cause) -> int:
    backups = await governed_backups(desk, [environment_id])
    moved = ((one, event) for one in backups if (event := rules.restamp(one, change, now=teller.now())) is not None)
    told = list(islice(moved, AT_ONCE))
    for backup, event in told:
        await desk.find(type(backup), backup.backup_id)
        await teller.say(desk, backup, [event], cause)
    return len(told)


POLICY_CHANGES: Final = Timer("policy_change", lambda c, now: queries.due_policy_changes(c, now=now), _apply)
"""By the business clock."""
