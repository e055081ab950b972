"""What other services say reaches the catalog's decisions once, in order, and before anything is refused."""

import asyncio
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.shop import CHECKED_AT, Shop, completed_backup


async def test_a_fact_that_was_just_said_is_heard_before_a_refusal(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    for _ in range(10):
        backup_id = await shop.backup(production)
        asked = await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=backup_id, environment_id=acceptance)
        assert asked.name == "PreflightRequested"


async def test_facts_that_come_in_the_wrong_order_count_when_the_gap_fills(shop: Shop) -> None:
    production = await shop.environment()
    backup_id = await shop.backup(production, completed=False)
    ids, stream = {"backup_id": backup_id, "environment_id": production}, f"snapshot/backup/{backup_id}"
    shop.sequences[stream] = 1
    await shop.fact("BackupCompleted", stream, **ids, **completed_backup(backup_id))
    ask = {"backup_id": backup_id, "environment_id": production}
    early = refused(await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask))
    assert early[1] == f"backup {backup_id} is queued: only a completed one can be restored"
    shop.sequences[stream] = 0
    await shop.fact("BackupStarted", stream, **ids, started_at=CHECKED_AT)
    asked = await shop.ask("RequestPreflight", preflight_id=uuid4(), **ask)
    assert asked.name == "PreflightRequested"


async def test_a_backup_that_another_worker_took_over_is_still_running(shop: Shop) -> None:
    production = await shop.environment()
    backup_id = await shop.backup(production, completed=False)
    await shop.backup_started(backup_id, production)
    await shop.backup_started(backup_id, production)
    await shop.backup_completed(backup_id, production)
    asked = await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=backup_id, environment_id=production)
    assert asked.name == "PreflightRequested"


async def test_a_fact_about_nothing_holds_back_its_environment_alone(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    await shop.backup_started(uuid4(), production)
    stuck, free = await shop.backup(production), await shop.backup(acceptance)
    ask = {"environment_id": acceptance}
    held = refused(await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=stuck, **ask))
    assert held[1] == f"backup {stuck} is queued: only a completed one can be restored"
    asked = await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=free, **ask)
    assert asked.name == "PreflightRequested"


async def test_facts_that_come_at_once_each_count_and_poison_among_them_stops_its_environment_alone(shop: Shop) -> None:
    production, acceptance = await shop.environment(), await shop.environment("acceptance")
    free = [await shop.backup(production, completed=False) for _ in range(20)]
    before, behind = [await shop.backup(acceptance, completed=False) for _ in range(2)]
    told = [(one, production) for one in free[:10]] + [(before, acceptance)]
    told += [(uuid4(), acceptance), (behind, acceptance)] + [(one, production) for one in free[10:]]
    await asyncio.gather(*(_done(shop, *one) for one in told))
    ask = {"environment_id": production}
    for one in (*free, before):
        asked = await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=one, **ask)
        assert asked.name == "PreflightRequested"
    stuck = refused(await shop.ask("RequestPreflight", preflight_id=uuid4(), backup_id=behind, **ask))
    assert stuck[1] == f"backup {behind} is queued: only a completed one can be restored"


async def _done(shop: Shop, backup_id: UUID, environment_id: UUID) -> None:
    """Both facts are sent before the broker has taken either."""
    sending = shop.backup_started(backup_id, environment_id), shop.backup_completed(backup_id, environment_id)
    await asyncio.gather(*sending)
