"""`nightkeep backup show`: what a person wants to know of one backup."""

import pytest

from services.cli.exits import Exit
from tests.integration.cli.conftest import Nightkeep
from tests.support.gateway import Api
from tests.support.shop import completed_backup


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (8.24, ["Snapshot held  8.2 s on the app's database"]),
        (185.0, ["Snapshot held  3 min 05 s on the app's database"]),
        (0.0, []),
    ],
    ids=["seconds", "minutes", "an imported dump held none"],
)
async def test_a_person_is_told_how_long_the_dump_held_its_snapshot(
    api: Api, nightkeep: Nightkeep, seconds: float, said: list[str]
) -> None:
    environment = await api.ready_environment()
    backup = (await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")).json()
    database = completed_backup(backup["backup_id"])["database"] | {"snapshot_held_seconds": seconds}
    await api.completed(environment, backup, database=database)

    shown = nightkeep("backup", "show", backup["backup_id"])

    assert shown.exit_code == Exit.OK, shown.output
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert [line for line in lines if line.startswith("Snapshot held")] == said
