"""The command line of an operator, who has the bucket, its key, and a key of the gateway."""

from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from tests.support.running_services import Platform


def nightkeep(platform: Platform, key: str, *words: str) -> Result:
    """Run a command as `ada`."""
    told = {name: value for name, value in platform.environment("gateway").items() if "__" in name}
    settings = {
        name: value for name, value in told.items() if name.startswith(("NIGHTKEEP_S3", "NIGHTKEEP_REPOSITORY"))
    }
    connection = {"NIGHTKEEP_URL": platform.gateway_url, "NIGHTKEEP_USER": "ada", "NIGHTKEEP_API_KEY": key}
    return CliRunner().invoke(app, list(words), env=settings | connection | {"COLUMNS": "200"})
