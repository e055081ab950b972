"""Everything that the sample's database has comes back in an environment of other roles, by no superuser."""

from pathlib import Path
from uuid import uuid4

from infra.demo.evidence import compare
from infra.demo.witnesses import look
from infra.sample.alterations import alter
from infra.sample.registration import DOCUMENTS_QUERY, acceptance_of, production_of
from services.gateway.resources import NewEnvironment
from services.platform.connectors.database import DatabaseAccess, EnvironmentDatabase
from services.platform.connectors.database.target import RestoreTarget
from services.platform.process.secrets import SecretDirectory
from services.platform.process.settings import PostgresSettings
from tests.support.restoring import TOOLS, load, streamed, switch
from tests.support.samples import sample_ground, small_sample


async def test_the_samples_database_comes_back_whole_and_belongs_to_its_new_owner(
    postgres: PostgresSettings, tmp_path: Path
) -> None:
    ground = sample_ground(postgres, tmp_path)
    with small_sample(ground) as sample:
        before = look(sample.production, documents=False)
        database = EnvironmentDatabase(_access(production_of(sample), ground.secrets), TOOLS)
        async with database.open_snapshot() as snapshot, snapshot.dump() as pieces:
            dumped = b"".join([piece async for piece in pieces])
        alter(sample.production)
        into = RestoreTarget(_access(acceptance_of(sample), ground.secrets), TOOLS, uuid4(), 1, scratch=tmp_path)
        await load(into, streamed(dumped))
        await switch(into)
        differences = compare(before, look(sample.acceptance, documents=False))

    assert list(map(str, differences)) == []


async def test_both_environments_of_the_sample_pass_their_check(postgres: PostgresSettings, tmp_path: Path) -> None:
    ground = sample_ground(postgres, tmp_path)
    with small_sample(ground) as sample:
        production = EnvironmentDatabase(_access(production_of(sample), ground.secrets), TOOLS)
        acceptance = EnvironmentDatabase(_access(acceptance_of(sample), ground.secrets), TOOLS)

        assert (await production.check(DOCUMENTS_QUERY)).findings == ()
        assert (await acceptance.check()).findings == ()


def _access(environment: NewEnvironment, secrets: Path) -> DatabaseAccess:
    return DatabaseAccess.of(environment.database, SecretDirectory(secrets))
