"""How everything in the stack reaches Kafka, PostgreSQL and S3: our own engines, or those that settings name."""

import json
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote

from contracts import defaults
from infra.local.engines.engine import Engine
from infra.local.engines.kafka import USER, Kafka
from infra.local.engines.postgres import SUPERUSER, Postgres
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.layout import Layout
from infra.local.outside import Outside, revealed
from infra.local.ports import LOOPBACK
from infra.local.private import write_private
from infra.local.stack_identity import StackIdentity
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings

BUCKET: Final = "nightkeep"
DATABASE: Final = "nightkeep"
S3_USER: Final = "nightkeep"


@dataclass(frozen=True)
class Connections:
    """`postgres` is the administrator's; services have their own roles. `engines` are those that we start."""

    kafka: KafkaSettings
    postgres: PostgresSettings
    s3: S3Settings
    engines: tuple[Engine, ...]

    @classmethod
    def make(cls, outside: Outside, identity: StackIdentity, layout: Layout) -> Self:
        """Take what is named outside, and one engine of ours for each that is not."""
        kafka = _kafka(identity, layout)
        postgres = _postgres(identity, layout)
        seaweedfs = _seaweedfs(identity, layout)
        ours = ((outside.kafka, kafka), (outside.postgres, postgres), (outside.s3, seaweedfs))
        return cls(
            kafka=outside.kafka or _kafka_settings(kafka),
            postgres=outside.postgres or _postgres_settings(postgres),
            s3=outside.s3 or _s3_settings(seaweedfs),
            engines=tuple(engine for named, engine in ours if named is None),
        )

    def dsn(self) -> str:
        """The administrator's connection to Nightkeep's database, password included: not for a screen."""
        password = quote(self.postgres.password.get_secret_value(), safe="")
        where = f"{self.postgres.user}:{password}@{self.postgres.host}:{self.postgres.port}/{self.database}"
        ca_file = f"&sslrootcert={self.postgres.ca_file}" if self.postgres.ca_file else ""
        return f"postgresql://{where}?sslmode={self.postgres.sslmode}{ca_file}"

    @property
    def database(self) -> str:
        """Nightkeep's own database."""
        return self.postgres.database

    def write(self, layout: Layout) -> None:
        """Keep them for programs of the person whose stack this is."""
        told = {
            "kafka": revealed(self.kafka),
            "postgres": revealed(self.postgres),
            "s3": revealed(self.s3),
        }
        write_private(layout.connections_file, json.dumps(told, indent=2))


def _kafka(identity: StackIdentity, layout: Layout) -> Kafka:
    ports = identity.ports
    return Kafka(layout.engine("kafka"), ports["kafka"], ports["kafka-controller"], identity.passwords["kafka"])


def _postgres(identity: StackIdentity, layout: Layout) -> Postgres:
    return Postgres(layout.engine("postgres"), identity.ports["postgres"], identity.passwords["postgres"])


def _seaweedfs(identity: StackIdentity, layout: Layout) -> SeaweedFS:
    inner = (identity.ports[f"seaweedfs-{door}"] for door in DOORS[1:])
    ports = (identity.ports["seaweedfs"], *inner)
    return SeaweedFS(layout.engine("seaweedfs"), ports, S3_USER, identity.passwords["s3"])


def _kafka_settings(engine: Kafka) -> KafkaSettings:
    return KafkaSettings.model_validate(
        {
            "bootstrap_servers": engine.address,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "username": USER,
            "password": engine.password,
            "session_timeout_seconds": defaults.LOCAL_SESSION_TIMEOUT_SECONDS,
            "replication_factor": defaults.LOCAL_REPLICATION_FACTOR,
        }
    )


def _postgres_settings(engine: Postgres) -> PostgresSettings:
    return PostgresSettings.model_validate(
        {
            "host": LOOPBACK,
            "port": engine.port,
            "database": DATABASE,
            "user": SUPERUSER,
            "password": engine.password,
            "sslmode": "disable",
        }
    )


def _s3_settings(engine: SeaweedFS) -> S3Settings:
    return S3Settings.model_validate(
        {
            "endpoint_url": engine.endpoint_url,
            "bucket": BUCKET,
            "access_key_id": engine.access_key_id,
            "secret_access_key": engine.secret_access_key,
        }
    )
