"""PostgreSQL's client tools, per major version: where they are, and whether they are what they say."""

from collections.abc import Mapping
from pathlib import Path


class PostgresTools:
    """The tools of every major that this machine has.

    `configured` maps a major ("18") to the directory with its `pg_dump` and `pg_restore`; further ones are found where
    they are usual (wheels, `/usr/lib/postgresql`, PATH). A directory counts for the version that its tools report.
    """

    def __init__(self, configured: Mapping[str, Path]) -> None:
        self._configured = configured

    async def directory(self, major: int) -> Path:
        """The directory with the tools of exactly this major; raises ToolsMissingError, which says what to do."""
        raise NotImplementedError

    async def majors(self) -> tuple[int, ...]:
        """Every major that there are tools for, ascending."""
        raise NotImplementedError
