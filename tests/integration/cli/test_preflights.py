"""`nightkeep restore create --dry-run` and `nightkeep preflight`: left with Ctrl-C, looked at again, cancelled."""

import asyncio
import os
import signal
import sys

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
