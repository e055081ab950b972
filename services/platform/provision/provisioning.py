"""Provisioning, step by step; whatever is there already stays."""

import secrets
from typing import Final

import structlog

from services.platform.database.administration import administrator, ensure_database, ensure_role
from services.platform.messaging.topics import ensure_topics
from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.retry import until_done
from services.platform.process.settings import PostgresSettings, ProvisionSettings, S3Settings, Settings
from services.platform.provision.verifier import scram_verifier

SALT_BYTES: Final = 16

log = structlog.get_logger()


class ProvisioningSettings(Settings):
    """The setup's settings: those of all services, as an administrator, and the services' passwords."""

    s3: S3Settings
    provision: ProvisionSettings


async def provision(settings: ProvisioningSettings) -> None:
    """Make the database, a role for each service, the topics and the bucket, as soon as the engines are there.

    Raises TopicMismatchError where a topic is not what its rule says, StoreRefusedError where the bucket is refused.
    """
    await until_done("set up PostgreSQL", lambda: _databases(settings.postgres, settings.provision))
    await until_done("set up Kafka", lambda: ensure_topics(settings.kafka))
    await until_done("set up the object store", lambda: _bucket(settings.s3))
    log.info("set up", roles=sorted(settings.provision.passwords))


async def _databases(postgres: PostgresSettings, provisioning: ProvisionSettings) -> None:
    async with administrator(postgres, provisioning.admin_database) as c:
        await ensure_database(c, postgres.database)
        for role, password in provisioning.passwords.items():
            verifier = scram_verifier(password.get_secret_value(), secrets.token_bytes(SALT_BYTES))
            await ensure_role(c, role, verifier, postgres.database)


async def _bucket(settings: S3Settings) -> None:
    async with S3ObjectStore.open(settings) as store:
        await store.create_bucket(settings.region)
