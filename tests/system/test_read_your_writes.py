"""Under load, whoever has created a backup sees it in the next list; nobody who may wait is told that a list lags."""

from pathlib import Path

from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import Api, Json, open_api
from tests.support.own_writes import CALLS, create_then_list, places


async def test_no_own_write_is_missing_from_a_thousand_lists_under_load(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path: Path
) -> None:
    """However busy this machine is, a gateway that may wait long enough never has to say that its list lags."""
    async with open_api(kafka, postgres, tmp_path) as api:
        environments = await places(api)
        assert await create_then_list(api, environments) == 0
        assert await _listed(api, environments) == CALLS


async def _listed(api: Api, environments: list[Json]) -> int:
    found: set[str] = set()
    for environment in environments:
        place = f"/api/v1/environments/{environment['environment_id']}/backups"
        found |= {backup["backup_id"] for backup in await api.every(place, "backups", limit=37)}
    return len(found)
