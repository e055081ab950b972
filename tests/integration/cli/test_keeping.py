"""`nightkeep policy simulate` and `nightkeep backup explain`: what would go and what is kept, and why."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api, Json


async def _completed(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    backup: Json = answer.json()
    await api.completed(environment, backup)
    return backup


async def test_a_policy_is_simulated_with_a_calendar_of_what_would_go(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    older, newest = await _completed(api, environment), await _completed(api, environment)

    told = json.loads(nightkeep("policy", "simulate", name, "--daily", "2d", "--json").stdout)
    shown = nightkeep("policy", "simulate", name, "--daily", "2d")

    assert shown.exit_code == Exit.OK, shown.output
    day = (datetime.fromisoformat(told["at"]) + timedelta(days=3)).date().isoformat()
    assert [(one["day"], one["backup_ids"]) for one in told["calendar"]] == [(day, [older["backup_id"]])]
    assert {one["backup_id"]: one["held_by"] for one in told["backups"]} == {
        older["backup_id"]: [],
        newest["backup_id"]: ["last_good"],
    }
    assert (told["effect"]["shorter_count"], told["effect"]["lost_count"]) == (2, 0)
    assert any(day[:7] in line and " 1 " in line for line in shown.stdout.splitlines() if "·" in line)
    for words in (
        "on the 2 backups of",
        "shortened",
        "held: last good",
        "Goes in",
        "it only delays",
        "it cools off until",
        told["digest"],
    ):
        assert words in shown.stdout
    assert json.loads(nightkeep("policy", "show", name, "--json").stdout)["policy"]["name"] == "classic"


async def test_whoever_approves_a_change_is_shown_the_backups_that_its_digest_stands_for(
    api: Api, nightkeep: Nightkeep
) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    older, _ = await _completed(api, environment), await _completed(api, environment)
    given = ("policy", "set", name, "--daily", "5d", "--apply-to-existing", "--json")
    change = json.loads(nightkeep(*given).stdout)["policy_change_id"]

    shown = nightkeep("policy", "approve", change, typed="n\n")
    await api.client.delete(f"/api/v1/backups/{older['backup_id']}")
    gone = nightkeep("policy", "approve", change, typed="n\n")

    row = f"{datetime.fromisoformat(older['created_at']):%Y-%m-%d %H:%M}"
    assert [line for line in shown.stderr.splitlines() if row in line and "shortened" in line], shown.output
    assert "is not what was simulated" in " ".join(gone.stderr.split())
    assert nightkeep("env", "remove", name, "--yes").exit_code == Exit.OK
    assert "is not what was simulated" in " ".join(nightkeep("policy", "approve", change, typed="n\n").stderr.split())
    assert nightkeep("policy", "approve", change, "--yes").exit_code == Exit.OK


async def test_a_preset_is_simulated_by_its_name_before_it_is_approved(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    # On Sundays `classic` keeps what was asked for as long as the preset does: that must be longer whatever the day.
    assert nightkeep("policy", "set", environment["app_slug"], "--daily", "2d").exit_code == Exit.OK
    await _completed(api, environment)
    given = ("policy", "set", environment["app_slug"], "flat-on-demand", "--apply-to-existing", "--json")
    change = json.loads(nightkeep(*given).stdout)["policy_change_id"]

    shown = nightkeep("policy", "approve", change, typed="n\n")

    assert "kept longer" in shown.stderr, shown.output


async def test_the_present_policy_changes_nothing(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    await _completed(api, environment)
    kept = nightkeep("policy", "simulate", f"{environment['app_slug']}/production", "classic")
    assert kept.exit_code == Exit.OK, kept.output
    assert "kept as now" in kept.stdout


async def test_why_a_backup_is_kept_is_explained_in_sentences_and_as_data(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup = await _completed(api, environment)
    assert nightkeep("backup", "pin", backup["backup_id"], "--reason", "audit").exit_code == Exit.OK

    told = json.loads(nightkeep("backup", "explain", backup["backup_id"], "--json").stdout)
    shown = nightkeep("backup", "explain", backup["backup_id"])

    assert shown.exit_code == Exit.OK, shown.output
    assert ([hold["kind"] for hold in told["holds"]], told["ending"]) == (["pin"], None)
    assert told["judgements"][0]["policy"] == "classic"
    for words in ("Policy", "classic, version", "Keeps it until (UTC)", "pinned (audit)", "it still does"):
        assert words in shown.stdout
    plain = " ".join(shown.stdout.split())
    assert "It is kept until" in plain
    assert "and past it as long as this holds it: pinned (audit)." in plain


async def test_how_a_backup_went_is_explained_when_it_has_long_gone(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    first, _ = await _completed(api, environment), await _completed(api, environment)
    assert nightkeep("backup", "delete", first["backup_id"], "--yes").exit_code == Exit.OK

    gone = nightkeep("backup", "explain", first["backup_id"])

    assert gone.exit_code == Exit.OK, gone.output
    assert "deleted it at" in " ".join(gone.stdout.split())
    assert nightkeep("backup", "explain", str(uuid4())).exit_code == Exit.NOT_FOUND
