"""`nightkeep env` and `slot` on when an environment's nights are, by UTC and by its local clock."""

import json
from pathlib import Path

from contracts.topics import Topic
from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api

KOLKATA = {"kind": "wall-clock", "at": "00:30", "zone": "Asia/Kolkata"}


async def test_the_planned_run_is_shown_by_utc_and_by_the_local_clock(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name, stream = f"{environment['app_slug']}/production", f"snapshot/slot/{environment['environment_id']}.2026-07-01"
    due = {"slot_date": "2026-07-01", "due_at": "2026-07-01T19:00:00Z"}
    assert "Next nightly" not in nightkeep("env", "show", name).stdout

    await api.producer.send_batch(Topic.EVENTS, [api.history(environment).record(stream, "SlotPlanned", **due)])
    await api.eventually_many(f"/api/v1/environments/{environment['environment_id']}/slots", "slots", 1)

    assert "2026-07-01 21:00 CEST (2026-07-01 19:00 UTC), for 2026-07-01" in nightkeep("env", "show", name).stdout
    assert "2026-07-01 21:00 CEST" in nightkeep("slot", "list", name).stdout
    told = json.loads(nightkeep("env", "show", name, "--json").stdout)["next_slot"]
    assert (told["slot_date"], told["due_local"]) == ("2026-07-01", "2026-07-01 21:00 CEST")
    (all_told,) = json.loads(nightkeep("env", "list", "--json", "--app", environment["app_slug"]).stdout)
    assert all_told["next_slot"] == told


async def test_a_schedule_of_its_own_is_given_and_taken_back(api: Api, nightkeep: Nightkeep, tmp_path: Path) -> None:
    environment_id = (await api.ready_environment())["environment_id"]
    file = tmp_path / "environment.json"
    file.write_text(json.dumps({"schedule": KOLKATA}))

    given = nightkeep("env", "update", environment_id, "--file", str(file), "--no-wait", "--json")
    renamed = nightkeep("env", "update", environment_id, "--name", "test", "--no-wait", "--json")
    without = nightkeep("env", "update", environment_id, "--without-schedule", "--no-wait", "--json")

    assert given.exit_code == Exit.OK, given.output
    assert [json.loads(one.stdout)["schedule"] for one in (given, renamed, without)] == [KOLKATA, KOLKATA, None]
