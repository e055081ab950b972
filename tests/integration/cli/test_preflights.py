"""`nightkeep restore create --dry-run` and `nightkeep preflight`: left with Ctrl-C, looked at again, cancelled."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

from contracts.events.restores import PreflightCancelRequested
from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.eventually import eventually
from tests.support.gateway import ADMIN, Api


async def test_a_preflight_that_is_waited_for_is_left_with_ctrl_c_shown_and_cancelled(
    api: Api, nightkeep: Nightkeep
) -> None:
    environment = await api.ready_environment()
    backup = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    await api.completed(environment, backup)
    process, preflight_id = await _dry_run(api, backup["backup_id"], environment["environment_id"])
    process.send_signal(signal.SIGINT)
    _, told = await process.communicate()
    hint = f"see `nightkeep preflight show {preflight_id}`, stop it with `nightkeep preflight cancel {preflight_id}`"
    assert (process.returncode, told.decode().splitlines()[-1]) == (130, f"the preflight goes on: {hint}")
    assert "running" in nightkeep("preflight", "show", preflight_id).stdout

    cancelling = asyncio.ensure_future(asyncio.to_thread(nightkeep, "preflight", "cancel", preflight_id))
    await eventually(lambda: _asked_to_end(api, preflight_id))
    found = {"code": "CANCELLED", "severity": "error", "subject": "", "message": "cancelled by user:ada"}
    ids = {"preflight_id": preflight_id, "passed": False, "findings": [found]}
    await api.tell(api.history(environment).record(f"restore/preflight/{preflight_id}", "PreflightCompleted", **ids))
    cancelled, again = await cancelling, nightkeep("preflight", "cancel", preflight_id)
    assert (cancelled.exit_code, again.exit_code) == (Exit.OK, Exit.REFUSED)
    assert "cancelled by user:ada" in cancelled.stdout
    assert "this preflight has failed: there is nothing to cancel" in again.stderr


async def _dry_run(api: Api, backup_id: str, environment_id: str) -> tuple[asyncio.subprocess.Process, str]:
    """A preflight that is waited for, and its id as it is told."""
    connection = {"NIGHTKEEP_URL": api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": api.key, "COLUMNS": "200"}
    asked = ("restore", "create", backup_id, "--into", environment_id, "--dry-run")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *asked),
        env={**os.environ, **connection},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    line = (await process.stderr.readline()).decode()
    assert line.startswith("preflight "), line
    return process, line.removeprefix("preflight ").strip()


async def _asked_to_end(api: Api, preflight_id: str) -> bool:
    said = await api.said(f"catalog/preflight/{preflight_id}")
    return any(isinstance(event, PreflightCancelRequested) for event in said)


async def test_what_a_preflight_has_looked_at_is_shown(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    at = f"/api/v1/environments/{environment['environment_id']}"
    backup = (await api.client.post(f"{at}/backups")).json()
    await api.completed(environment, backup)
    body = {"backup_id": backup["backup_id"]}
    asked = await api.client.post(f"{at}/preflights", params={"wait_seconds": 0}, json=body)
    preflight_id = asked.json()["preflight_id"]
    facts = {
        "run_state": "stopped",
        "model_version": "7.10.0",
        "backup_model_version": "7.9.0",
        "server_version": "18.6",
        "backup_server_version": "17.9",
        "open_sessions": 2,
        "backup_database_bytes": 48_000_000,
        "backup_files_bytes": 96_000_000,
        "database_needed_bytes": 48_000_000,
        "database_free_bytes": None,
        "files_needed_bytes": 52_100,
        "files_free_bytes": 212_000_000_000,
    }
    told = {"preflight_id": preflight_id, "passed": True, "findings": [], "facts": facts}
    await api.tell(api.history(environment).record(f"restore/preflight/{preflight_id}", "PreflightCompleted", **told))
    await api.eventually(f"/api/v1/preflights/{preflight_id}", "state", "passed")
    lines = [" ".join(line.split()) for line in nightkeep("preflight", "show", preflight_id).stdout.splitlines()]
    assert lines[1:8] == [
        "App is stopped",
        "Model version 7.9.0 in the backup, 7.10.0 at the destination",
        "PostgreSQL 17.9 in the backup, 18.6 at the destination",
        "Open sessions 2",
        "Backup 48.0 MB of database, 96.0 MB of files",
        "Database needs 48.0 MB, nobody knows how much is free",
        "Files need 52.1 kB, 212.0 GB are free",
    ]


async def test_a_dry_run_repeated_under_its_key_is_the_same_preflight(api: Api, nightkeep: Nightkeep) -> None:
    environment = await api.ready_environment()
    backup = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    await api.completed(environment, backup)
    asked = ("restore", "create", backup["backup_id"], "--into", environment["environment_id"], "--dry-run")
    again = ("--timeout", "0", "--idempotency-key", str(uuid4()))

    first, second = nightkeep(*asked, *again), nightkeep(*asked, *again)
    reused = nightkeep(*asked, *again, "--database-only")

    assert first.exit_code == second.exit_code == Exit.NOT_KNOWN, first.output
    assert first.stderr.startswith("preflight ")
    assert first.stderr.splitlines()[0] == second.stderr.splitlines()[0]
    assert reused.exit_code == Exit.REFUSED, reused.output


async def test_nothing_is_cleared_before_somebody_has_said_so_scripts_neither(
    api: Api, nightkeep: Nightkeep, tmp_path: Path
) -> None:
    environment, dump = await api.ready_environment(), tmp_path / "orders.backup"
    dump.write_bytes(b"PGDMP")
    asked = ("upload", "create", str(dump), "--into", environment["environment_id"], "--no-wait")

    silent, told_no = nightkeep(*asked, "--json"), nightkeep(*asked, "--json", typed="n\n")

    for refused in (silent, told_no):
        assert refused.exit_code == Exit.FAILED, refused.output
        assert refused.stdout.strip() in {"", "n"}  # what was typed, by the terminal's echo
        assert "will be cleared" in refused.stderr
    for what in ("parcels", "uploads"):
        found = (await api.client.get(f"/api/v1/environments/{environment['environment_id']}/{what}")).json()
        assert found[what] == []
