"""`nightkeep` as people and scripts use it: names instead of ids, tables or JSON, exit codes that mean something."""

import asyncio
import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from contracts.events.backups import BackupRequested
from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.databases import FreshDatabase
from tests.support.gateway import Api, described


def _json(output: str) -> Any:  # noqa: ANN401 -- whatever the command told
    return json.loads(output)


async def test_an_app_is_registered_listed_shown_and_removed(nightkeep: Nightkeep) -> None:
    made = _json(nightkeep("app", "register", "shop", "--name", "The [bold] Shop", "--json").stdout)

    listed = nightkeep("app", "list")
    assert "The [bold] Shop" in listed.stdout
    assert made["app_id"] in listed.stdout
    assert _json(nightkeep("app", "show", "SHOP", "--json").stdout) == made
    assert nightkeep("app", "remove", "shop", "--yes").exit_code == Exit.OK
    assert nightkeep("app", "show", "shop").exit_code == Exit.NOT_FOUND


@pytest.mark.parametrize("name", ["env.json", "env.yaml", "env.toml"])
async def test_an_environment_is_registered_from_a_file_and_options_win(
    api: Api, nightkeep: Nightkeep, tmp_path: Path, name: str
) -> None:
    slug = (await api.new_app())["slug"]
    file = tmp_path / name
    file.write_text(_AS[name])

    made = _json(
        nightkeep("env", "register", slug, "-f", str(file), "--database-port", "6543", "--no-wait", "--json").stdout
    )

    assert (made["name"], made["database"]["port"], made["database"]["name"]) == ("production", 6543, "orders")
    shown = nightkeep("env", "show", f"{slug.upper()}/PRODUCTION")
    assert f"{slug}/production" in shown.stdout
    assert "orders@127.0.0.1:6543/orders" in shown.stdout


_AS = {
    "env.json": json.dumps(described()),
    "env.yaml": json.dumps(described(), indent=1),
    "env.toml": """
name = "production"
mode = "production"
region = "europe"
cloud_version = "v4"
[database]
host = "127.0.0.1"
name = "orders"
user = "orders"
password = "secret:orders-db"
[files]
kind = "directory"
path = "/srv/orders"
""",
}


async def test_an_environment_is_registered_from_options_alone(api: Api, nightkeep: Nightkeep) -> None:
    slug = (await api.new_app())["slug"]

    made = nightkeep(
        "env", "register", slug, "--name", "test", "--mode", "test", "--region", "us-east", "--cloud-version", "v3",
        "--database-host", "db", "--database-name", "orders", "--database-user", "orders",
        "--database-password", "secret:orders-db", "--files-bucket", "documents", "--files-prefix", "orders/",
        "--files-credentials", "secret:documents", "--no-wait", "--json",
    )  # fmt: skip

    assert made.exit_code == Exit.OK, made.output
    assert _json(made.stdout)["files"]["prefix"] == "orders/"


def test_all_that_was_not_given_is_named_at_once(nightkeep: Nightkeep) -> None:
    result = nightkeep("env", "register", "orders", "--name", "test", "--database-host", "db")

    assert result.exit_code == Exit.USAGE
    told = " ".join(result.stderr.replace("│", " ").split())
    assert "not given: mode, region, cloud_version, database.name, database.user, database.password, files" in told


async def test_the_findings_of_a_failed_check_are_printed_and_are_exit_code_1(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    checking = asyncio.to_thread(nightkeep, "env", "check", environment["environment_id"])
    running = asyncio.ensure_future(checking)
    seen = await api.eventually_check(environment)
    finding = {"code": "MISSING_RIGHTS", "severity": "error", "message": "orders may not create databases"}
    await api.tell(*api.checked(seen, passed=False, findings=[finding]))

    result = await running

    assert result.exit_code == Exit.FAILED
    assert "MISSING_RIGHTS" in result.stdout
    assert "orders may not create databases" in result.stdout


async def test_a_backup_is_followed_to_its_end(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    running = asyncio.ensure_future(asyncio.to_thread(nightkeep, "backup", "create", name, "--comment", "release 7"))
    backup = await api.eventually_backup(environment)
    await api.completed(environment, backup)

    result = await running

    assert result.exit_code == Exit.OK, result.output
    assert "Completed" in result.stdout
    assert "release 7" in result.stdout
    listed = nightkeep("backup", "list", name)
    assert backup["backup_id"] in listed.stdout
    assert "release 7" in listed.stdout


async def test_a_backup_that_fails_is_exit_code_1_and_says_why(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    running = asyncio.ensure_future(asyncio.to_thread(nightkeep, "backup", "create", environment["environment_id"]))
    backup = await api.eventually_backup(environment)
    await api.failed(environment, backup)

    result = await running

    assert result.exit_code == Exit.FAILED
    assert "failed" in result.stdout


async def test_waiting_goes_on_over_a_gateway_that_is_started_again(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    running = asyncio.ensure_future(asyncio.to_thread(nightkeep, "backup", "create", environment["environment_id"]))
    backup = await api.eventually_backup(environment)

    ended = await asyncio.to_thread(api.platform.services["gateway"].end, signal.SIGTERM)
    await api.platform.start("gateway")
    await api.completed(environment, backup)

    assert ended == 0
    assert (await running).exit_code == Exit.OK


async def test_waiting_has_an_end_and_the_backup_goes_on(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()

    result = nightkeep("backup", "create", environment["environment_id"], "--timeout", "0.5")

    assert result.exit_code == Exit.NOT_KNOWN
    assert "goes on" in result.stderr
    assert (await api.eventually_backup(environment))["state"] == "queued"


async def test_a_backup_that_reads_everything_is_asked_for(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    for options, read_all in ((["--read-all"], True), ([], False)):
        made = nightkeep("backup", "create", environment["environment_id"], "--no-wait", "--json", *options)
        (requested,) = await api.said(f"catalog/backup/{_json(made.stdout)['backup_id']}")
        assert isinstance(requested, BackupRequested)
        assert requested.read_all is read_all


async def test_a_backup_is_commented_pinned_unpinned_and_cancelled(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    made = _json(nightkeep("backup", "create", environment["environment_id"], "--no-wait", "--json").stdout)
    backup_id = made["backup_id"]

    assert _json(nightkeep("backup", "comment", backup_id, "kept", "--json").stdout)["comment"] == "kept"
    assert _json(nightkeep("backup", "pin", backup_id, "--reason", "audit", "--json").stdout)["pinned"]
    assert "audit" in nightkeep("backup", "show", backup_id).stdout
    assert not _json(nightkeep("backup", "unpin", backup_id, "--json").stdout)["pinned"]
    assert nightkeep("backup", "cancel", backup_id).exit_code == Exit.OK


async def test_a_restore_is_asked_for_listed_and_cancelled(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    name = f"{environment['app_slug']}/production"
    backup = _json(nightkeep("backup", "create", name, "--no-wait", "--json").stdout)
    await api.completed(environment, backup)

    made = nightkeep("restore", "create", backup["backup_id"], "--into", name, "--no-wait", "--json")

    assert made.exit_code == Exit.OK, made.output
    restore_id = _json(made.stdout)["restore_id"]
    assert restore_id in nightkeep("restore", "list", name).stdout
    assert nightkeep("restore", "cancel", restore_id).exit_code == Exit.OK


async def test_a_refusal_is_exit_code_3_with_its_reason(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)

    result = nightkeep("backup", "create", environment["environment_id"])

    assert result.exit_code == Exit.REFUSED
    assert "ERROR_NOT_ALLOWED" in result.stderr
    assert result.stdout == ""


async def test_a_refusal_in_json_is_one_object_on_standard_error(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)

    result = nightkeep("backup", "create", environment["environment_id"], "--json")

    assert result.exit_code == Exit.REFUSED
    assert _json(result.stderr)["errorCode"] == "ERROR_NOT_ALLOWED"


async def test_a_text_that_cannot_be_is_refused_before_it_is_sent(api: Api, nightkeep: Nightkeep) -> None:
    environment = (await api.ready_environment())["environment_id"]
    made = _json(nightkeep("backup", "create", environment, "--no-wait", "--json").stdout)

    for words, field in (
        (("backup", "create", environment, "--comment", "x" * 1001), "comment"),
        (("backup", "comment", made["backup_id"], "x" * 1001), "comment"),
        (("backup", "pin", made["backup_id"], "--reason", "x" * 1001), "reason"),
        (("env", "deploy", environment, "no version"), "model_version"),
        (("env", "deploy", environment, "1.0", "--sha256", "ABC"), "package_sha256"),
    ):
        result = nightkeep(*words)
        assert result.exit_code == Exit.REFUSED
        assert result.stderr.splitlines()[-1].startswith(f"error: {field}: String should ")
    assert len(_json(nightkeep("backup", "list", environment, "--json").stdout)) == 1


async def test_a_deployed_package_is_told_by_its_size_and_sum_or_by_the_file_itself(
    api: Api, nightkeep: Nightkeep, tmp_path: Path
) -> None:
    environment = (await api.new_environment(await api.new_app(), passed=False))["environment_id"]
    package = tmp_path / "orders.mda"
    package.write_bytes(b"package")
    sha256 = hashlib.sha256(b"package").hexdigest()

    by_file = nightkeep("env", "deploy", environment, "7.1.0", "--package", str(package))
    told = nightkeep("env", "deploy", environment, "7.1.0", "--size", "7", "--sha256", sha256, "--json")
    both = nightkeep("env", "deploy", environment, "7.1.0", "--size", "8", "--package", str(package))
    version_alone = _json(nightkeep("env", "deploy", environment, "7.2.0", "--json").stdout)

    assert f"7 B, SHA-256 {sha256}" in by_file.stdout, by_file.output
    assert (_json(told.stdout)["package_bytes"], _json(told.stdout)["package_sha256"]) == (7, sha256)
    assert both.exit_code == Exit.USAGE
    assert (version_alone["package_bytes"], version_alone["package_sha256"]) == (None, None)


async def test_published_services_are_told_and_taken_back(api: Api, nightkeep: Nightkeep) -> None:
    environment = (await api.new_environment(await api.new_app(), passed=False))["environment_id"]

    nightkeep("env", "publish", environment, "orders")
    both = nightkeep("env", "publish", environment, "stock")
    left = nightkeep("env", "unpublish", environment, "orders", "--json")

    assert "orders, stock" in both.stdout, both.output
    assert _json(left.stdout)["app_services"] == ["stock"]


async def test_a_name_that_several_environments_have_is_an_error_with_the_candidates(
    api: Api, nightkeep: Nightkeep
) -> None:
    apps = [await api.new_app() for _ in range(2)]
    for app in apps:
        await api.new_environment(app, "Shared", passed=False)

    result = nightkeep("env", "show", "shared")

    assert result.exit_code == Exit.USAGE
    flat = "".join(result.stderr.replace("│", " ").split())
    assert all(f"{app['slug']}/Shared" in flat for app in apps)
    assert nightkeep("env", "show", f"{apps[0]['slug']}/shared").exit_code == Exit.OK


async def test_an_unknown_name_says_where_to_look(nightkeep: Nightkeep) -> None:
    for arguments, see in (
        (("env", "show", "nobody/production"), "nightkeep app list"),
        (("backup", "list", "nothing-like-it"), "nightkeep env list"),
    ):
        result = nightkeep(*arguments)
        assert result.exit_code == Exit.NOT_FOUND
        assert see in result.stderr


async def test_a_wrong_key_is_exit_code_6(nightkeep: Nightkeep) -> None:
    assert nightkeep("app", "list", nightkeep_api_key="wrong").exit_code == Exit.UNAUTHORIZED


async def test_no_gateway_there_is_exit_code_5_and_names_the_address(nightkeep: Nightkeep) -> None:
    result = nightkeep("app", "list", nightkeep_url="http://127.0.0.1:9")

    assert result.exit_code == Exit.NOT_KNOWN
    assert "http://127.0.0.1:9" in result.stderr


async def test_the_key_may_lie_in_a_file(api: Api, nightkeep: Nightkeep, tmp_path: Path) -> None:
    alone, whole = tmp_path / "alone", tmp_path / "whole"
    alone.write_text(f"{api.key}\n")
    whole.write_text(json.dumps({"user": "ada", "api_key": api.key}))

    for file in (alone, whole):
        result = nightkeep("admin", "status", nightkeep_api_key=None, nightkeep_key_file=str(file))
        assert result.exit_code == Exit.OK, result.output


async def test_a_literal_password_is_refused_without_being_repeated(
    api: Api, nightkeep: Nightkeep, tmp_path: Path
) -> None:
    app = await api.new_app()
    file = tmp_path / "env.json"
    file.write_text(json.dumps(described(database={**described()["database"], "password": "hunter2"})))

    result = nightkeep("env", "register", app["slug"], "-f", str(file))

    assert result.exit_code == Exit.USAGE
    assert "database.password" in result.stderr
    assert "hunter2" not in result.output


async def test_the_first_administrator_is_shown_the_key_once(
    fresh_database: FreshDatabase, nightkeep: Nightkeep
) -> None:
    server = fresh_database("gateway").model_dump(mode="json", exclude_none=True)
    server["password"] = fresh_database("gateway").password.get_secret_value()
    settings = {f"nightkeep_postgres__{name}": str(value) for name, value in server.items()}

    first = await asyncio.to_thread(nightkeep, "admin", "init", "--name", "ada", "--json", **settings)
    second = await asyncio.to_thread(nightkeep, "admin", "init", "--name", "ada", "--json", **settings)

    assert first.exit_code == Exit.OK, first.output
    told = json.loads(first.stdout)
    assert (told["user"], told["api_key"].startswith("nk_")) == ("ada", True)
    assert second.exit_code == Exit.REFUSED
    assert "nk_" not in second.output


async def test_a_second_first_administrator_is_refused(api: Api, nightkeep: Nightkeep) -> None:
    settings = {name: value for name, value in api.platform.environment("gateway").items() if "POSTGRES" in name}

    result = await asyncio.to_thread(nightkeep, "admin", "init", **settings)

    assert result.exit_code == Exit.REFUSED
    assert "nk_" not in result.output


async def test_a_first_administrator_without_the_gateways_settings_is_told_which_to_set(nightkeep: Nightkeep) -> None:
    result = nightkeep("admin", "init")

    assert result.exit_code == Exit.USAGE
    told = "".join(result.stderr.replace("│", " ").split())
    assert all(f"NIGHTKEEP_POSTGRES__{name}" in told for name in ("HOST", "USER", "PASSWORD"))


async def test_the_shell_completes_environments_by_name(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.new_environment(await api.new_app(), passed=False)
    typed = f"nightkeep backup list {environment['app_slug'][:8]}"

    completed = nightkeep(_nightkeep_complete="complete_bash", comp_words=typed, comp_cword="3")

    assert f"{environment['app_slug']}/production" in completed.stdout.split()


async def test_the_shell_completes_nothing_when_nobody_can_be_asked(nightkeep: Nightkeep) -> None:
    completed = nightkeep(
        _nightkeep_complete="complete_bash",
        comp_words="nightkeep backup list x",
        comp_cword="3",
        nightkeep_url="http://127.0.0.1:9",
    )

    assert completed.stdout.strip() == ""


async def test_the_help_explains_the_exit_codes(nightkeep: Nightkeep) -> None:
    assert "Exit codes" in nightkeep("--help").stdout
