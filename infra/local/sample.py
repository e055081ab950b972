"""The sample app of a stack: make its databases and documents, and tell the gateway of it as soon as that is there.

`python -m infra.local.sample DIRECTORY`; it may run again.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx

from infra.local.engines.postgres import installation
from infra.local.errors import StackError
from infra.local.http import unverified_client
from infra.local.layout import Layout
from infra.local.private import write_private
from infra.local.programs import SCALE_SETTING
from infra.local.state import Sample, SampleEnvironments
from infra.sample import Sample as SampleApp
from infra.sample import SampleGround, make_sample, register_sample
from services import end_imports
from services.cli.client import Gateway
from services.cli.session import read_key_file
from services.gateway.first_admin import make_first_admin
from services.gateway.settings import FirstAdminSettings
from services.platform.connectors.database.errors import ToolsMissingError
from services.platform.connectors.database.libpq import NEEDS_TLS
from services.platform.connectors.database.tools import PostgresTools
from services.platform.process.clock import SystemClock
from services.platform.process.errors import PermanentError
from services.platform.process.settings import PostgresSettings

MAINTENANCE_DATABASE: Final = "postgres"
USER: Final = "admin"
LOOK_SECONDS: Final = 0.1


def make(layout: Layout) -> SampleApp:
    """Make roles, databases, rows and documents, as far as they are not there."""
    known = json.loads(layout.connections_file.read_text(encoding="utf-8"))["postgres"]
    server = PostgresSettings.model_validate(known).model_copy(update={"database": MAINTENANCE_DATABASE})
    ground = SampleGround(server, layout.documents, layout.secrets, binaries=asyncio.run(_binaries(server)))
    return make_sample(ground, scale=float(os.environ.get(SCALE_SETTING, "1")))


async def _binaries(server: PostgresSettings) -> Path:
    """Where psql is. The stack's own speaks no TLS; for a server that asks for it any major will do that does."""
    if server.sslmode not in NEEDS_TLS:
        return installation() / "bin"
    tools = PostgresTools({})
    for major in reversed(await tools.majors()):
        with suppress(ToolsMissingError):
            return await tools.directory(major, tls=True)
    raise StackError(
        "the sample app needs a psql with TLS for this PostgreSQL, and there is none: install postgresql-client, or "
        "start with --no-sample"
    )


def register(layout: Layout, sample: SampleApp, gateway_url: str) -> None:
    """Make the first person's key, and register the app and its two environments as that person."""
    if not layout.credentials_file.exists():
        _make_first_person(layout)
    user, key = read_key_file(layout.credentials_file)
    with Gateway(gateway_url, user, key) as gateway:
        known = register_sample(gateway, sample)
    environments = SampleEnvironments(production=known.production, acceptance=known.acceptance)
    told = Sample(app_id=known.app_id, environments=environments, credentials_file=layout.credentials_file)
    write_private(layout.sample_file, told.model_dump_json(indent=2))


def wait_for(gateway_url: str) -> None:
    """Return once the gateway may be relied on; whoever started this ends it when that never happens."""
    with unverified_client() as client:
        while not _is_ready(client, gateway_url):
            time.sleep(LOOK_SECONDS)


def _is_ready(client: httpx.Client, gateway_url: str) -> bool:
    try:
        return client.get(f"{gateway_url}/readyz").is_success
    except httpx.HTTPError:
        return False


def _make_first_person(layout: Layout) -> None:
    """Needs the settings of the role `gateway` in the environment."""
    settings = FirstAdminSettings().postgres
    try:
        key = asyncio.run(make_first_admin(settings, USER, clock=SystemClock(), new_id=uuid4))
    except PermanentError as error:
        raise StackError(f"{error.reason}; its key was not kept: `nightkeep down --purge` begins anew") from error
    write_private(layout.credentials_file, json.dumps({"user": USER, "api_key": key.text()}))


def main() -> None:
    """Do both, for the stack in the directory of the argument."""
    end_imports()
    layout, gateway_url = Layout(Path(sys.argv[1])), os.environ["NIGHTKEEP_STACK_GATEWAY_URL"]
    sample = make(layout)
    wait_for(gateway_url)
    register(layout, sample, gateway_url)


if __name__ == "__main__":
    main()
