"""`nightkeep policy`, `slot`, `sweep` and what `backup` says about how long one is kept."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.topics import Topic
from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api, Json


def _name(environment: Json) -> str:
    return f"{environment['app_slug']}/production"


def _json(output: str) -> Any:  # noqa: ANN401 -- whatever the command told
    return json.loads(output)


async def _completed(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    backup: Json = answer.json()
    await api.completed(environment, backup)
    return backup


async def test_how_long_a_backup_will_be_kept_is_told_before_it_is_made(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()

    looked = _json(nightkeep("backup", "create", _name(environment), "--dry-run", "--json").stdout)
    shown = nightkeep("backup", "create", _name(environment), "--dry-run")
    made = nightkeep("backup", "create", _name(environment), "--no-wait")

    assert looked["expires_at"][:10] in shown.stdout
    assert "classic" in shown.stdout
    assert "it will be kept until" in made.stderr
    (backup,) = _json(nightkeep("backup", "list", _name(environment), "--json").stdout)
    assert (backup["expires_at"][:10], backup["tiers"]) == (looked["expires_at"][:10], looked["tiers"])


async def test_a_backup_is_deleted_and_the_last_one_only_when_that_was_said(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    first, last = await _completed(api, environment), await _completed(api, environment)

    assert nightkeep("backup", "delete", first["backup_id"], "--yes").exit_code == Exit.OK
    refused = nightkeep("backup", "delete", last["backup_id"], "--yes")

    assert nightkeep("backup", "show", first["backup_id"]).exit_code == Exit.NOT_FOUND
    assert refused.exit_code == Exit.REFUSED, refused.output
    assert "last" in refused.stderr
    assert nightkeep("backup", "delete", last["backup_id"], "--yes", "--confirm-last").exit_code == Exit.OK
    assert nightkeep("backup", "show", last["backup_id"]).exit_code == Exit.NOT_FOUND


async def test_who_erases_a_backup_is_told_what_happens_and_when(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    deleted = nightkeep("backup", "delete", backup["backup_id"], "--yes", "--erase")
    assert deleted.exit_code == Exit.OK
    assert "what depends on it is rewritten; gone from the store in about 24 hours" in deleted.stderr.replace("\n", " ")
    explained = nightkeep("backup", "explain", backup["backup_id"])
    assert "Nothing of it was to stay in the store" in explained.stdout.replace("\n", " ")


async def test_what_was_deleted_is_erased_afterwards(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    assert nightkeep("backup", "delete", backup["backup_id"], "--yes").exit_code == Exit.OK
    assert nightkeep("backup", "delete", backup["backup_id"], "--yes").exit_code == Exit.NOT_FOUND
    erased = nightkeep("backup", "delete", backup["backup_id"], "--yes", "--erase")
    assert (erased.exit_code, "what depends on it is rewritten" in erased.stderr.replace("\n", " ")) == (Exit.OK, True)
    explained = nightkeep("backup", "explain", backup["backup_id"])
    assert "Its erasure is not whole yet" in explained.stdout.replace("\n", " ")


async def test_a_person_is_asked_twice_before_the_last_one_goes(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup = await _completed(api, environment)

    kept = nightkeep("backup", "delete", backup["backup_id"], typed="y\nn\n")
    assert "the last completed backup" in kept.stdout
    assert nightkeep("backup", "show", backup["backup_id"]).exit_code == Exit.OK

    assert nightkeep("backup", "delete", backup["backup_id"], typed="y\ny\n").exit_code == Exit.OK
    assert nightkeep("backup", "show", backup["backup_id"]).exit_code == Exit.NOT_FOUND


async def test_nightly_runs_are_listed_with_what_became_of_them(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    history, backup_id = api.history(environment), str(uuid4())
    place = f"snapshot/slot/{environment['environment_id']}"
    await api.producer.send_batch(
        Topic.EVENTS,
        [
            history.record(f"{place}.2026-03-08", "SlotPlanned", slot_date="2026-03-08"),
            history.record(
                f"{place}.2026-03-08", "SlotEnded", slot_date="2026-03-08", backup_id=backup_id, late=True
            ),
            history.record(f"{place}.2026-03-09", "SlotPlanned", slot_date="2026-03-09"),
            history.record(
                f"{place}.2026-03-09", "SlotEnded", slot_date="2026-03-09", state="skipped", backup_id=None,
                reason="the app is stopped",
            ),
            history.record(f"{place}.2026-03-10", "SlotPlanned", slot_date="2026-03-10"),
        ],
    )  # fmt: skip
    slots = f"/api/v1/environments/{environment['environment_id']}/slots"
    await api.eventually_many(slots, "slots", 3)

    shown = nightkeep("slot", "list", _name(environment))

    assert shown.exit_code == Exit.OK, shown.output
    assert shown.stdout.index("planned") < shown.stdout.index("skipped") < shown.stdout.index("completed")
    assert "the app is stopped" in shown.stdout
    assert backup_id in shown.stdout
    assert len(_json(nightkeep("slot", "list", _name(environment), "--json", "--limit", "2").stdout)) == 2


async def test_a_policy_is_given_to_an_app_and_to_an_environment_and_taken_back(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    app, name = environment["app_slug"], _name(environment)
    assert "it is the default" in nightkeep("policy", "show", name).stdout

    assert nightkeep("policy", "set", app, "flat-on-demand").exit_code == Exit.OK
    own = nightkeep("policy", "set", name, "--name", "long", "--daily", "30d", "--weekly", "6m", "--json")

    assert own.exit_code == Exit.OK, own.output
    assert _json(own.stdout)["policy"]["daily"] == {"days": 30, "months": 0}
    shown = nightkeep("policy", "show", name)
    assert "long, version 1" in shown.stdout
    assert "6 months" in shown.stdout
    assert nightkeep("policy", "set", name, "--inherit").exit_code == Exit.OK
    after = _json(nightkeep("policy", "show", name, "--json").stdout)
    assert (after["policy"]["name"], after["given_by"]) == ("flat-on-demand", "app")


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["classic", "--daily", "3d"],
        ["classic", "--inherit"],
        ["--daily", "soon"],
        ["--weekly", "3m"],
    ],
)
async def test_a_policy_that_makes_no_sense_is_wrong_usage(api: Api, nightkeep: Nightkeep, given: list[str]) -> None:
    app = (await api.new_app())["slug"]

    assert nightkeep("policy", "set", app, *given).exit_code == Exit.USAGE


async def test_a_preset_that_nobody_knows_is_refused_with_those_that_there_are(api: Api, nightkeep: Nightkeep) -> None:
    app = (await api.new_app())["slug"]

    refused = nightkeep("policy", "set", app, "clasic")

    assert refused.exit_code == Exit.REFUSED
    assert "classic, flat-on-demand" in refused.stderr


async def test_a_stopped_sweep_is_shown_and_approved(api: Api, nightkeep: Nightkeep) -> None:
    environment, sweep_id = await api.ready_environment(), str(uuid4())
    assert nightkeep("sweep", "approve", _name(environment), "--yes").exit_code == Exit.REFUSED
    record = api.history(environment).record(f"retention/sweep/{sweep_id}", "SweepStopped", sweep_id=sweep_id)
    await api.tell(record)
    await api.eventually_sweep(environment, sweep_id)

    left = nightkeep("sweep", "approve", _name(environment), typed="n\n")
    gone_on = await asyncio.to_thread(nightkeep, "sweep", "approve", _name(environment), "--yes", "--json")

    assert "Would let go" in left.stderr
    assert gone_on.exit_code == Exit.OK, gone_on.output
    assert _json(gone_on.stdout)["stopped_sweep"] is None


async def test_a_stopped_schedule_is_shown_and_approved(api: Api, nightkeep: Nightkeep) -> None:
    environment, stop_id = await api.ready_environment(), str(uuid4())
    assert nightkeep("slot", "approve", _name(environment), "--yes").exit_code == Exit.REFUSED
    stopped = {"stop_id": stop_id, "overdue_count": 401, "waiting_since": "2026-05-04T19:00:00Z"}
    record = api.history(environment).record(f"snapshot/schedule/{stop_id}", "ScheduleStopped", **stopped)
    await api.tell(record)
    await api.eventually_stopped(environment, stop_id)

    left = nightkeep("slot", "approve", _name(environment), typed="n\n")
    shown = nightkeep("env", "show", _name(environment))
    gone_on = await asyncio.to_thread(nightkeep, "slot", "approve", _name(environment), "--yes", "--json")

    assert left.exit_code != Exit.OK
    assert "401 nightly runs, the oldest since 2026-05-04" in left.stderr
    assert "nightkeep slot approve" in shown.stdout
    assert _json(gone_on.stdout)["stopped_schedule"] is None


async def test_a_leased_backup_stays_until_it_is_released(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup, _ = await _completed(api, environment), await _completed(api, environment)
    until = [f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (1, 2)]
    lease = ("backup", "lease", backup["backup_id"], "--holder", "a copy to Oslo", "--until")

    made = _json(nightkeep(*lease, until[0], "--json").stdout)
    (held,) = made["leases"]
    longer = _json(nightkeep(*lease, until[1], "--lease-id", held["lease_id"], "--json").stdout)
    shown = nightkeep("backup", "show", backup["backup_id"])
    refused = nightkeep("backup", "delete", backup["backup_id"], "--yes")
    released = _json(nightkeep("backup", "release", backup["backup_id"], held["lease_id"], "--json").stdout)

    assert (held["holder"], held["until"]) == ("a copy to Oslo", until[0])
    assert [one["until"] for one in longer["leases"]] == [until[1]]
    assert held["lease_id"] in shown.stdout
    assert "a copy to Oslo" in refused.stderr
    assert released["leases"] == []
    assert nightkeep("backup", "delete", backup["backup_id"], "--yes").exit_code == Exit.OK
    assert nightkeep(*lease, "tomorrow").exit_code == Exit.USAGE
