"""What ends by itself: the grace of a restore (spec: environments, "The restore", step 7), and leases."""

from typing import Final
from uuid import UUID

from contracts.envelope import Cause
from services.catalog.adapters.desk import Desk, queries
from services.catalog.domain.decide.leases import lapse
from services.catalog.domain.decide.restores import end_grace
from services.catalog.domain.state.backup import Backup
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.restore import Restore
from services.catalog.holding import with_change_of_hold
from services.catalog.saying import Teller
from services.catalog.timers import Timer


async def _end_grace(desk: Desk, teller: Teller, restore_id: UUID, cause: Cause) -> bool:
    restore = await desk.find(Restore, restore_id)
    environment = await desk.find(Environment, restore.environment_id) if restore else None
    event = end_grace(restore, environment, now=teller.now()) if restore else None
    if restore is not None and event is not None:
        await teller.say(desk, restore, [event], cause)
    return False


async def _end_leases(desk: Desk, teller: Teller, backup_id: UUID, cause: Cause) -> bool:
    backup = await desk.find(Backup, backup_id)
    over = lapse(backup, database_now=await desk.database_now()) if backup else ()
    if backup is not None and over:
        events = await with_change_of_hold(desk, backup, *over, now=teller.now())
        await teller.say(desk, backup, events, cause)
    return False


GRACE: Final = Timer("restore", lambda c, now: queries.undoable_restores(c, now=now), _end_grace)
"""By the business clock."""
LEASES: Final = Timer("backup", lambda c, _now: queries.lapsed_leases(c), _end_leases)
"""By PostgreSQL's clock, which nobody moves."""
