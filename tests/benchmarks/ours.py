"""Nightkeep as a contestant of the benchmarks."""

import sys
from pathlib import Path
from typing import Final
from uuid import uuid4

from contracts.manifest import Lines
from contracts.values import DirectoryFiles, FilesPlace, S3Files
from services.platform.process.settings import S3Settings
from tests.benchmarks.contest import Cost, Place, Ran, run
from tests.benchmarks.one_night import Done, Job, Work

CHECKOUT: Final = Path(__file__).parents[2]


class Ours:
    """Each night is a new process, which knows of the one before no more than its list; see Contestant."""

    name = "nightkeep"
    settings = "this checkout, as it is shipped; seconds of a service that runs already"

    def __init__(self, place: Place) -> None:
        self.place = place
        self._environment_id = uuid4()
        self._listing: Lines | None = None

    async def make(self) -> None:
        """See Contestant: the first backup makes it."""
        self.place.directory.mkdir(parents=True, exist_ok=True)

    async def look(self) -> Cost:
        """See Contestant: starting a process, which no other figure of ours has in it."""
        return (await self._ran("look", DirectoryFiles(path=str(self.place.directory)))).cost

    async def back_up(self, source: Path) -> Cost:
        """See Contestant."""
        return await self._run("back up", DirectoryFiles(path=str(source)))

    async def back_up_bucket(self, source: S3Settings) -> Cost:
        """One night of documents that are objects."""
        place = S3Files(
            bucket=source.bucket,
            prefix=source.prefix,
            endpoint_url=source.endpoint_url,
            region=source.region,
            credentials="secret:documents",
        )
        return await self._run("back up", place, source)

    async def restore(self, to: Path) -> Cost:
        """See Contestant."""
        return await self._run("restore", DirectoryFiles(path=str(to)))

    async def _run(self, work: Work, documents: FilesPlace, source: S3Settings | None = None) -> Cost:
        ran = await self._ran(work, documents, source)
        done = Done.model_validate_json(ran.output.splitlines()[-1])  # the log comes before it
        self._listing = done.listing
        return Cost(done.seconds + ran.sync_seconds, done.busy_seconds, ran.cost.peak_bytes)

    async def _ran(self, work: Work, documents: FilesPlace, source: S3Settings | None = None) -> Ran:
        job = Job(
            work=work,
            environment_id=self._environment_id,
            directory=self.place.repository,
            s3=self.place.s3,
            documents=documents,
            secret=_pair(source or self.place.s3),
            listing=self._listing,
        )
        words, given = (sys.executable, "-m", "tests.benchmarks.one_night"), job.model_dump_json().encode()
        return await run(*words, environment={"PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT, given=given)


def _pair(s3: S3Settings | None) -> str:
    return f"{s3.access_key_id}:{s3.secret_access_key.get_secret_value()}" if s3 else ""
