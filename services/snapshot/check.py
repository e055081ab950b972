"""The job `check`: looks at an environment and says what it found, whatever that is."""

from collections.abc import Sequence
from uuid import UUID

from contracts.events.apps import EnvironmentChecked
from contracts.values import Finding, Severity
from services.platform.connectors.database import CheckReport
from services.platform.connectors.files.opening import open_documents
from services.platform.database import Connection
from services.platform.environments import Environment, find
from services.platform.jobs.run import JobRun, Step
from services.platform.process.errors import PermanentError
from services.snapshot.attempt import EnvironmentRemovedError
from services.snapshot.parts import Parts


class CheckJob:
    """See JobKind. What stops a check is a finding too: it always ends with EnvironmentChecked."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        attempt = _Attempt(self._parts, run)
        return (
            Step("look at the database", attempt.database),
            Step("look at the documents", attempt.documents),
            Step("say what was found", attempt.finish),
        )

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say that it could not look, and why."""
        finding = Finding(code=error.code, severity=Severity.ERROR, message=error.reason)
        await _say(self._parts, c, run, CheckReport(None, (finding,)))


class _Attempt:
    def __init__(self, parts: Parts, run: JobRun) -> None:
        self._parts = parts
        self._run = run
        self._report = CheckReport(None, ())

    async def database(self) -> None:
        """Reachable, rights, tools, encoding, what cannot be dumped or restored."""
        environment = await self._environment()
        database = self._parts.environment_database(environment, self._run)
        self._report = await database.check(environment.places.documents_query)

    async def documents(self) -> None:
        """There, readable, writable, believable, with room."""
        environment = await self._environment()
        async with open_documents(environment.places.files, self._parts.secrets) as documents:
            findings = await documents.check()
        self._report = CheckReport(self._report.server_version, (*self._report.findings, *findings))

    async def finish(self) -> None:
        """Say what was found."""
        async with self._run.finish() as c:
            await _say(self._parts, c, self._run, self._report)

    async def _environment(self) -> Environment:
        async with self._run.transaction() as c:
            environment = await find(c, self._run.environment_id)
        if environment is None:
            raise EnvironmentRemovedError
        return environment


async def _say(parts: Parts, c: Connection, run: JobRun, report: CheckReport) -> None:
    event = EnvironmentChecked(
        environment_id=run.environment_id,
        check_id=UUID(run.payload["check_id"]),
        checked_at=parts.clock.now(),
        passed=all(finding.severity is not Severity.ERROR for finding in report.findings),
        server_version=report.server_version,
        findings=report.findings,
    )
    await parts.say(c, run, "environment", run.environment_id, event)
