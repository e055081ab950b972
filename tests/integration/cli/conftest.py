"""One gateway for all tests of this package, and `nightkeep` connected to it."""

from collections.abc import AsyncIterator, Callable

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.platform.process.settings import KafkaSettings, PostgresSettings
from tests.support.gateway import ADMIN, Api, open_api

Nightkeep = Callable[..., Result]


@pytest.fixture(scope="package")
async def api(
    kafka: KafkaSettings, postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """The gateway that the command line speaks to."""
    async with open_api(kafka, postgres, tmp_path_factory.mktemp("gateway")) as api:
        yield api


@pytest.fixture
def nightkeep(api: Api, monkeypatch: pytest.MonkeyPatch) -> Nightkeep:
    """Run `nightkeep` with these arguments in a terminal of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    connection = {"NIGHTKEEP_URL": api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": api.key}

    def run(*arguments: str, typed: str | None = None, **options: str | None) -> Result:
        environment = {name.upper(): value for name, value in options.items()}
        return CliRunner().invoke(app, list(arguments), input=typed, env={**connection, **environment})

    return run
