"""How to get into one environment's database: two roles, one server, TLS as libpq knows it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from contracts.values import DatabasePlace, SslMode


class Secrets(Protocol):
    """What resolves `secret:<name>` (`services.platform.process.secrets.SecretDirectory` does)."""

    def resolve(self, reference: str) -> SecretStr:
        """The secret behind a reference; raises a PermanentError when there is none."""
        ...


@dataclass(frozen=True)
class Login:
    """A role of the database server, with its password."""

    user: str
    password: SecretStr


@dataclass(frozen=True)
class DatabaseAccess:
    """A database and both roles that work on it; built when it is used, never kept, since it holds passwords.

    `role` owns, dumps and loads the database; `provisioner` creates, renames and drops databases from
    `maintenance_database`. `role_map` says which role of this server stands for which role of a dump, `extensions`
    what the provisioner may install for a restore (spec: environments, "Rights and tools").
    """

    host: str
    port: int
    database: str
    role: Login
    provisioner: Login
    sslmode: SslMode = SslMode.PREFER
    ca_file: Path | None = None
    maintenance_database: str = "postgres"
    extensions: tuple[str, ...] = ()
    role_map: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, place: DatabasePlace, secrets: Secrets) -> "DatabaseAccess":
        """Resolve a place's references; without a provisioner the environment role is its own."""
        role = Login(place.user, secrets.resolve(place.password))
        other = place.provisioner
        return cls(
            host=place.host,
            port=place.port,
            database=place.name,
            role=role,
            provisioner=Login(other.user, secrets.resolve(other.password)) if other else role,
            sslmode=place.sslmode,
            ca_file=Path(place.ca_file) if place.ca_file else None,
            maintenance_database=place.maintenance_database,
            extensions=place.extensions,
            role_map=dict(place.role_map),
        )

    @property
    def server(self) -> str:
        """`host:port`, the name of the server in words and in limits."""
        return f"{self.host}:{self.port}"
