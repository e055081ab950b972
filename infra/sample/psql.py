"""Runs SQL with PostgreSQL's own psql, so that what is compared was not read by the code that made the backup."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.sample.errors import SampleError
from services.platform.process.settings import PostgresSettings

SQL: Final = Path(__file__).with_name("sql")
READING: Final = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1"
"""The same row has the same text on every server."""


@dataclass(frozen=True)
class Psql:
    """PostgreSQL's programs in `binaries`, as one role in one database. Secrets go by the environment, not by argv."""

    server: PostgresSettings
    binaries: Path
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def scripts(self, *names: str, variables: Mapping[str, object] | None = None, folder: Path = SQL) -> str:
        """Run .sql files in order in one session, stopping at the first error; return what they print."""
        files = [word for name in names for word in ("-f", str(folder / f"{name}.sql"))]
        given = [word for name, value in (variables or {}).items() for word in ("-v", f"{name}={value}")]
        return self._psql([*given, *files])

    def query(self, sql: str, stdin: bytes = b"") -> str:
        """Run a statement given as text; `stdin` is what a COPY FROM STDIN reads."""
        return self._psql(["-c", sql], stdin)

    def program(self, name: str, arguments: Sequence[str], stdin: bytes = b"") -> str:
        """Run one of PostgreSQL's programs here. Raises SampleError with what it said."""
        done = subprocess.run(
            [self.binaries / name, *arguments], input=stdin, env=self._environment(), capture_output=True, check=False
        )
        if done.returncode:
            raise SampleError(f"{name}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def _psql(self, arguments: Sequence[str], stdin: bytes = b"") -> str:
        return self.program("psql", ["-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", *arguments], stdin)

    def _environment(self) -> dict[str, str]:
        server = self.server
        return {
            "PATH": os.defpath,
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGDATABASE": server.database,
            "PGUSER": server.user,
            "PGPASSWORD": server.password.get_secret_value(),
            "PGSSLMODE": server.sslmode,
            "PGSSLROOTCERT": str(server.ca_file or ""),
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": READING,
            **self.secrets,
        }
