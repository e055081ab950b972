"""Tiers, windows and expiry as they are stamped at acceptance, by the cases of spec: retention §3 and by policy."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.events.backups import BackupKind
from contracts.retention import PRESETS
from tests.integration.catalog.test_recovering import entry, recover
from tests.integration.catalog.test_refusals import refused
from tests.support.moved_clock import MovedBy
from tests.support.script import Json, Seen
from tests.support.shop import Shop, night

EUROPE_V3 = {"region": "europe", "cloud_version": "v3"}
EUROPE_V4 = {"region": "europe", "cloud_version": "v4"}
US_EAST_V4 = {"region": "us-east", "cloud_version": "v4"}
ASIA_V4 = {"region": "asia-pacific", "cloud_version": "v4"}
BERLIN: dict[str, Any] = EUROPE_V4 | {"schedule": {"kind": "wall-clock", "at": "00:30", "zone": "Europe/Berlin"}}
DAILY, WEEKLY, MONTHLY = ["daily"], ["daily", "weekly"], ["daily", "weekly", "monthly"]
ACCEPTED_WITHIN = timedelta(minutes=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_about(found: str, instant: datetime) -> bool:
    """The clock goes on between its move and the decision."""
    return instant <= at(found) < instant + ACCEPTED_WITHIN


@pytest.mark.parametrize(
    ("where", "instant", "day", "tiers", "expiry"),
    [
        (EUROPE_V4, "2026-03-04T19:00:00Z", "2026-03-04", DAILY, "2026-03-18T19:00:00Z"),
        (EUROPE_V4, "2026-03-01T19:00:00Z", "2026-03-01", MONTHLY, "2027-03-01T19:00:00Z"),
        (EUROPE_V4, "2026-03-08T19:00:00Z", "2026-03-08", WEEKLY, "2026-06-08T19:00:00Z"),
        (EUROPE_V4, "2025-11-30T19:00:00Z", "2025-11-30", WEEKLY, "2026-02-28T19:00:00Z"),
        (EUROPE_V4, "2026-08-30T19:00:00Z", "2026-08-30", WEEKLY, "2026-11-30T19:00:00Z"),
        (EUROPE_V3, "2026-03-28T22:00:00Z", "2026-03-28", DAILY, "2026-04-11T22:00:00Z"),
        (EUROPE_V3, "2026-03-29T22:00:00Z", "2026-03-29", WEEKLY, "2026-06-29T22:00:00Z"),
        (EUROPE_V3, "2026-10-24T22:00:00Z", "2026-10-24", DAILY, "2026-11-07T22:00:00Z"),
        (EUROPE_V3, "2026-10-25T22:00:00Z", "2026-10-25", WEEKLY, "2027-01-25T22:00:00Z"),
        (ASIA_V4, "2026-02-28T16:00:00Z", "2026-03-01", MONTHLY, "2027-02-28T16:00:00Z"),
        (US_EAST_V4, "2026-11-01T01:00:00Z", "2026-10-31", DAILY, "2026-11-15T01:00:00Z"),
        (US_EAST_V4, "2026-11-02T01:00:00Z", "2026-11-01", MONTHLY, "2027-11-02T01:00:00Z"),
        (BERLIN, "2026-03-28T23:30:00Z", "2026-03-29", WEEKLY, "2026-06-28T23:30:00Z"),
        (BERLIN, "2026-10-24T22:30:00Z", "2026-10-25", WEEKLY, "2027-01-24T22:30:00Z"),
    ],
)
async def test_a_backup_is_stamped_when_it_is_accepted(  # noqa: PLR0913, PLR0917 -- one case of the table
    shop: Shop, clock: MovedBy, where: Json, instant: str, day: str, tiers: list[str], expiry: str
) -> None:
    environment_id = await shop.environment(**where)
    clock.to(at(instant))
    asked = await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=environment_id)
    told = asked.data
    assert (told["kind"], told["slot_date"], told["tiers"]) == ("on_demand", day, tiers)
    assert is_about(told["created_at"], at(instant))
    assert at(told["expires_at"]) - at(told["created_at"]) == at(expiry) - at(instant)
    assert (told["policy"], told["policy_version"], told["rule_version"]) == ("classic", 1, 1)
    assert [window["window"] for window in told["windows"]] == tiers
    assert told["expires_at"] == max(window["ends_at"] for window in told["windows"])


async def test_a_late_nightly_keeps_its_slot_date_and_counts_its_expiry_from_its_acceptance(
    shop: Shop, clock: MovedBy
) -> None:
    environment_id = await shop.running()
    clock.to(at("2026-03-02T00:10:00Z"))
    late = await shop.nightly(environment_id, "2026-03-01")
    assert (late.data["kind"], late.data["created_by"]) == ("nightly", "Nightly")
    assert (late.data["slot_date"], late.data["tiers"]) == ("2026-03-01", MONTHLY)
    assert late.data["slot"] == night("2026-03-01")
    assert is_about(late.data["expires_at"], at("2027-03-02T00:10:00Z"))


async def test_two_backups_on_one_sunday_are_both_stamped_as_that_sunday(shop: Shop, clock: MovedBy) -> None:
    environment_id = await shop.running()
    clock.to(at("2026-03-08T10:00:00Z"))
    first = await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=environment_id)
    second = await shop.nightly(environment_id, "2026-03-08")
    assert first.data["tiers"] == second.data["tiers"] == WEEKLY


async def test_a_nightly_is_refused_with_the_reason_that_its_slot_was_skipped_for(shop: Shop) -> None:
    environment_id = uuid4()
    registered = await shop.ask("RegisterEnvironment", **shop.described(environment_id))

    async def skipped() -> str:
        asked = await shop.ask(
            "RequestBackup", backup_id=uuid4(), environment_id=environment_id, slot=night("2026-03-04")
        )
        code, reason, field = refused(asked)
        assert (code, field) == ("INVALID_STATE", "environment_id")
        return reason

    assert (await skipped()).startswith("no check of production has passed yet")
    await shop.checked(environment_id, registered.data["check_id"])
    assert await skipped() == "nothing is deployed in production"
    await shop.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
    assert await skipped() == "the app does not run in production"
    backup_id = await shop.backup(environment_id)
    await shop.heard()
    restore_id = await shop.restore(backup_id, environment_id)
    assert await skipped() == "the app does not run in production"
    await shop.restored(restore_id, environment_id, "2026-03-04T12:00:00Z")
    await shop.heard()
    await shop.ask("StartEnvironment", environment_id=environment_id)
    await shop.nightly(environment_id, "2026-03-04")
    await shop.heard()
    assert (await shop.ask("RemoveEnvironment", environment_id=environment_id)).name == "EnvironmentRemoved"
    assert await skipped() == "production was removed"


async def test_the_first_nightly_after_a_sunday_without_a_backup_gets_its_tiers_where_the_policy_says_so(
    shop: Shop, clock: MovedBy
) -> None:
    environment_id = await shop.running()
    await _change(shop, environment_id, custom(fill_gaps=True))
    clock.to(at("2026-03-02T19:00:00Z"))
    await shop.slot_ended(environment_id, "2026-03-01")
    await shop.heard()
    failing = await shop.nightly(environment_id, "2026-03-02", completed=False)
    assert (failing.data["tiers"], failing.data["fills_gap"]) == (MONTHLY, "2026-03-01")
    meanwhile = await shop.nightly(environment_id, "2026-03-02", completed=False)
    assert (meanwhile.data["tiers"], meanwhile.data["fills_gap"]) == (DAILY, None)
    await shop.backup_started(UUID(failing.data["backup_id"]), environment_id)
    await shop.backup_failed(UUID(failing.data["backup_id"]), environment_id)
    await shop.heard()
    again = await shop.nightly(environment_id, "2026-03-03")
    assert (again.data["tiers"], again.data["fills_gap"]) == (MONTHLY, "2026-03-01")
    await shop.heard()
    after = await shop.nightly(environment_id, "2026-03-04")
    assert (after.data["tiers"], after.data["fills_gap"]) == (DAILY, None)


async def test_a_schedule_of_its_own_can_be_taken_back(shop: Shop) -> None:
    environment_id = await shop.environment("acceptance", schedule=BERLIN["schedule"])
    renamed = await shop.ask("UpdateEnvironment", environment_id=environment_id, name="test")
    assert renamed.data["schedule"] == BERLIN["schedule"]
    updated = await shop.ask("UpdateEnvironment", environment_id=environment_id, without_schedule=True)
    assert (updated.name, updated.data["schedule"]) == ("EnvironmentUpdated", None)


async def test_a_gap_is_filled_however_soon_the_next_nightly_is_asked_for(shop: Shop, clock: MovedBy) -> None:
    environment_id = await shop.running()
    await _change(shop, environment_id, custom(fill_gaps=True))
    clock.to(at("2026-03-02T19:00:00Z"))
    await shop.slot_ended(environment_id, "2026-03-01", "missed")
    monday = await shop.nightly(environment_id, "2026-03-02")
    assert (monday.data["tiers"], monday.data["fills_gap"]) == (MONTHLY, "2026-03-01")
    await shop.heard()
    tuesday = await shop.nightly(environment_id, "2026-03-03")
    assert (tuesday.data["tiers"], tuesday.data["fills_gap"]) == (DAILY, None)


async def test_a_nightly_that_is_recovered_makes_up_for_no_sunday_of_today(shop: Shop, clock: MovedBy) -> None:
    environment_id = await shop.running()
    await _change(shop, environment_id, custom(fill_gaps=True))
    clock.to(at("2026-03-02T19:00:00Z"))
    await shop.slot_ended(environment_id, "2026-03-01")
    await shop.heard()
    assert (await recover(shop, entry(shop, environment_id, kind=BackupKind.NIGHTLY))).name == "BackupRequested"
    monday = await shop.nightly(environment_id, "2026-03-02")
    assert (monday.data["tiers"], monday.data["fills_gap"]) == (MONTHLY, "2026-03-01")


async def test_without_fill_gaps_monday_is_not_promoted(shop: Shop, clock: MovedBy) -> None:
    environment_id = await shop.running()
    clock.to(at("2026-03-02T19:00:00Z"))
    await shop.slot_ended(environment_id, "2026-03-01", "missed")
    await shop.heard()
    monday = await shop.nightly(environment_id, "2026-03-02")
    assert (monday.data["tiers"], monday.data["fills_gap"]) == (DAILY, None)


async def test_a_weekday_without_a_backup_is_no_gap(shop: Shop) -> None:
    environment_id = await shop.running()
    await _change(shop, environment_id, custom(fill_gaps=True))
    await shop.slot_ended(environment_id, "2026-03-03")
    await shop.heard()
    assert (await shop.nightly(environment_id, "2026-03-04")).data["fills_gap"] is None


async def test_an_environments_own_policy_wins_over_its_apps_and_that_over_classic(shop: Shop, clock: MovedBy) -> None:
    clock.to(at("2026-03-01T19:00:00Z"))
    production, acceptance = await shop.running(), await shop.environment("acceptance")
    of_app = await shop.ask("ChangePolicy", policy_change_id=uuid4(), app_id=shop.app_id, policy="flat-on-demand")
    assert (of_app.name, of_app.data["policy"]) == (
        "PolicyChanged",
        PRESETS["flat-on-demand"].model_dump(mode="json"),
    )
    assert of_app.stream == f"catalog/policy_change/{of_app.data['policy_change_id']}:1"
    flat = await _asked(shop, acceptance)
    assert (flat.data["policy"], flat.data["tiers"]) == ("flat-on-demand", MONTHLY)
    assert [window["window"] for window in flat.data["windows"]] == ["on_demand"]
    assert is_about(flat.data["expires_at"], at("2026-06-01T19:00:00Z"))
    assert is_about((await shop.nightly(production, "2026-03-01")).data["expires_at"], at("2027-03-01T19:00:00Z"))

    await _change(shop, acceptance, custom())
    own = await _asked(shop, acceptance)
    assert (own.data["policy"], own.data["policy_version"]) == ("a month", 1)
    assert is_about(own.data["expires_at"], at("2026-04-01T19:00:00Z"))
    await _change(shop, acceptance, custom())
    assert (await _asked(shop, acceptance)).data["policy_version"] == 2
    await _change(shop, acceptance, None)
    assert (await _asked(shop, acceptance)).data["policy"] == "flat-on-demand"
    await _change(shop, acceptance, custom())
    assert (await _asked(shop, acceptance)).data["policy_version"] == 3


async def test_an_empty_policy_keeps_everything(shop: Shop) -> None:
    environment_id = await shop.environment()
    await _change(shop, environment_id, {"name": "for ever"})
    kept = await _asked(shop, environment_id)
    assert (kept.data["expires_at"], kept.data["windows"]) == (None, [])


@pytest.mark.parametrize(
    ("policy", "says", "field"),
    [
        ("classical", "there is no preset 'classical': name one of classic, flat-on-demand", "policy"),
        ({"name": "classic", "daily": {"days": 1}}, "'classic' is a preset: name it alone", "policy.name"),
    ],
)
async def test_a_policy_that_cannot_be_meant_is_refused(shop: Shop, policy: object, says: str, field: str) -> None:
    environment_id = await shop.environment()
    asked = await shop.ask("ChangePolicy", policy_change_id=uuid4(), environment_id=environment_id, policy=policy)
    code, reason, named = refused(asked)
    assert (code, named) == ("INVALID_PARAMETERS", field)
    assert reason.startswith(says)


async def test_a_policy_of_nobody_is_refused(shop: Shop) -> None:
    unknown = uuid4()
    asked = await shop.ask("ChangePolicy", policy_change_id=uuid4(), environment_id=unknown, policy="classic")
    assert refused(asked)[0] == "ENVIRONMENT_NOT_FOUND"


def custom(**changes: object) -> Json:
    """A month of days, two of Sundays, a year of first Sundays."""
    return {
        "name": "a month",
        "daily": {"months": 1},
        "weekly": {"months": 1},
        "monthly": {"months": 1},
    } | changes


async def _change(shop: Shop, environment_id: UUID, policy: object) -> None:
    changed = await shop.ask("ChangePolicy", policy_change_id=uuid4(), environment_id=environment_id, policy=policy)
    assert changed.name == "PolicyChanged", changed.data


async def _asked(shop: Shop, environment_id: UUID) -> Seen:
    asked = await shop.ask("RequestBackup", backup_id=uuid4(), environment_id=environment_id)
    assert asked.name == "BackupRequested", asked.data
    return asked
