"""`nightkeep audit list`: an auditor reads in words who asked for what, and a script has it whole."""

import json

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import ADMIN, Api


async def test_who_asked_for_what_is_told_in_words_and_for_scripts(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    made = nightkeep("backup", "create", name, "--comment", "before [the] release", "--no-wait", "--json")
    backup_id = json.loads(made.stdout)["backup_id"]

    shown = nightkeep("audit", "list", name)
    told = nightkeep(
        "audit", "list", name, "--backup", backup_id, "--user", ADMIN, "--what", "BackupRequested", "--json"
    )

    assert (shown.exit_code, told.exit_code) == (Exit.OK, Exit.OK), shown.output + told.output
    words = " ".join(shown.stdout.split())
    for said in ("backup requested", f"backup {backup_id}", "before [the] release", "environment registered"):
        assert said in words
    (entry,) = json.loads(told.stdout)
    assert (entry["backup_id"], entry["actor"]) == (backup_id, f"user:{ADMIN}")


async def test_what_was_refused_and_what_was_let_go_stand_out_with_their_reasons(
    api: Api, nightkeep: Nightkeep
) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    backup = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    await api.completed(environment, backup)
    place = f"/api/v1/backups/{backup['backup_id']}"
    assert (await api.client.delete(place)).status_code == 409
    assert (await api.client.delete(place, params={"confirm_last": "true"})).is_success

    words = " ".join(nightkeep("audit", "list", name).stdout.split())

    assert "command rejected" in words
    assert "command DeleteBackup; code ERROR_NOT_ALLOWED; reason" in words
    assert "backup deletion requested" in words
    assert "was kept until" in words


async def test_a_list_is_as_long_as_was_asked_for_and_as_old(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    slug = environment["app_slug"]

    asked = ("audit", "list", slug, "--what", "EnvironmentRegistered", "--what", "AppRegistered", "--json")
    newest, whole = nightkeep(*asked, "--limit", "1"), nightkeep(*asked)
    later = nightkeep("audit", "list", slug, "--since", "2999-01-01")
    platform = nightkeep("audit", "list", "--limit", "101", "--json")

    assert [one["what"] for one in json.loads(whole.stdout)] == ["EnvironmentRegistered", "AppRegistered"]
    assert json.loads(newest.stdout) == json.loads(whole.stdout)[:1]
    assert "nothing like this" in later.stdout
    assert len(json.loads(platform.stdout)) > 2


def test_a_question_that_makes_no_sense_is_wrong_usage(nightkeep: Nightkeep) -> None:
    for given in (["--user", "ada", "--service", "nightly"], ["--since", "yesterday"]):
        assert nightkeep("audit", "list", *given).exit_code == Exit.USAGE, given
    misspelt = nightkeep("audit", "list", "--what", "BackupVanished")
    assert misspelt.exit_code == Exit.REFUSED
    assert "BackupVanished" in misspelt.output


def test_a_place_that_is_not_there_is_not_found(nightkeep: Nightkeep) -> None:
    assert nightkeep("audit", "list", "nowhere/production").exit_code == Exit.NOT_FOUND
