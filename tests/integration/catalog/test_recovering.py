"""A backup whose catalog was lost gets its entry again, as its manifest tells it, and only where it belongs."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tests.integration.catalog.test_refusals import refused
from tests.support.manifests import backup_entry
from tests.support.script import Json, Seen
from tests.support.shop import Shop


def entry(shop: Shop, environment_id: UUID, **changes: Any) -> Json:  # noqa: ANN401 -- fields of an entry
    found = backup_entry(uuid4(), environment_id).model_copy(update={"app_id": shop.app_id} | changes)
    return found.model_dump(mode="json")


def about(seen: Seen, told: Json) -> bool:
    return bool(seen.data.get("backup_id") == told["backup_id"])


async def recover(shop: Shop, told: Json, **changes: object) -> Seen:
    ids = {"backup_id": told["backup_id"], "environment_id": told["environment_id"]}
    return await shop.ask("RecoverBackup", **ids | changes, entry=told)


async def test_its_entry_is_the_one_that_it_had_and_says_that_it_was_made_again(shop: Shop) -> None:
    environment_id = await shop.environment(checked=False)
    told = entry(shop, environment_id)
    recovered = await recover(shop, told)
    assert recovered.name == "BackupRequested"
    assert recovered.data.pop("recovered_at") is not None
    assert recovered.data.pop("parcel") is None  # what an imported one was made of has gone
    assert recovered.data.pop("read_all") is False  # how it was taken is over
    assert recovered.data == told
    assert refused(await recover(shop, told))[0] == "ALREADY_EXISTS"


async def test_one_whose_time_is_over_is_pinned_so_that_it_waits_for_a_person(shop: Shop) -> None:
    environment_id = await shop.environment()
    told = entry(shop, environment_id, expires_at=datetime(2026, 3, 4, tzinfo=UTC))
    recovered = await recover(shop, told)
    assert (recovered.name, recovered.data["expires_at"]) == ("BackupRequested", told["expires_at"])
    pinned = await shop.script.event(lambda seen: seen.name == "BackupPinned" and about(seen, told))
    assert pinned.headers["ce_actor"] == recovered.headers["ce_actor"]
    assert pinned.data["reason"] == "recovered: its time was over"
    kept = entry(shop, environment_id, expires_at=None)
    assert (await recover(shop, kept)).name == "BackupRequested"
    await shop.ask("UnpinBackup", backup_id=told["backup_id"])
    assert refused(await shop.ask("UnpinBackup", backup_id=kept["backup_id"]))[0] == "ERROR_NOT_ALLOWED"


async def test_one_that_was_deleted_does_not_come_back(shop: Shop) -> None:
    environment_id = await shop.environment()
    backup_id = await shop.backup(environment_id)
    await shop.heard()
    await shop.ask("DeleteBackup", backup_id=backup_id, confirm_last=True)
    told = entry(shop, environment_id, backup_id=backup_id)
    assert refused(await recover(shop, told))[0] == "ALREADY_EXISTS"


async def test_what_belongs_elsewhere_is_refused(shop: Shop) -> None:
    environment_id = await shop.environment()
    assert refused(await recover(shop, entry(shop, uuid4())))[0] == "ENVIRONMENT_NOT_FOUND"
    foreign = entry(shop, environment_id, app_id=uuid4())
    code, reason, field = refused(await recover(shop, foreign))
    assert (code, field) == ("ERROR_NOT_ALLOWED", "entry")
    assert f"in the app {foreign['app_id']}: register app and environment under the ids that they had" in reason
    another = entry(shop, environment_id)
    assert refused(await recover(shop, another, backup_id=uuid4()))[0] == "ERROR_NOT_ALLOWED"
