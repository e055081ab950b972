"""The job that only looks whether a restore would go well."""

from collections.abc import Sequence

from contracts import defaults
from contracts.events.restores import PreflightCompleted, PreflightRequested
from contracts.facts import Facts
from contracts.values import Finding
from services.platform.connectors.database.findings import of_error, passed
from services.platform.connectors.look import Look
from services.platform.database import Connection
from services.platform.jobs import JobRun, Step
from services.platform.process.errors import PermanentError
from services.restore.domain.findings import from_warnings
from services.restore.journal import preflight_stream, tell
from services.restore.work.destination import Destination, Stored, look, places_of
from services.restore.workplace import Workplace


class PreflightJob:
    """The kind `preflight`: the first step of a restore and no more."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace

    def steps(self, run: JobRun) -> Sequence[Step]:
        """One look."""

        async def look_and_say() -> None:
            seen = await self._look(run)
            async with run.finish() as c:
                await self._tell(c, run, seen.findings, seen.facts)

        return [Step("look at the destination and at the backup", look_and_say)]

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """What kept it from looking is what it found: also that somebody has cancelled it."""
        await self._tell(c, run, (of_error(error, ""),))

    async def _look(self, run: JobRun) -> Look:
        requested = PreflightRequested.model_validate(run.payload)
        async with run.transaction() as c:
            places = await places_of(c, requested.environment_id)
        destination = Destination.at(self._workplace, places, requested.preflight_id, run)
        stored = await Stored.backup(self._workplace, requested)
        known, only = Look(facts=requested.facts.beside(stored.facts)), requested.database_only
        try:
            _, seen = await look(destination, stored, database_only=only, within_seconds=defaults.PREFLIGHT_SECONDS)
        except PermanentError as error:  # a dump that cannot be read here: what is known of it says why
            seen = Look((of_error(error, ""),))
        return known.beside(seen)

    async def _tell(self, c: Connection, run: JobRun, found: tuple[Finding, ...], facts: Facts | None = None) -> None:
        requested = PreflightRequested.model_validate(run.payload)
        findings = (*from_warnings(requested.warnings), *found)
        completed = PreflightCompleted(
            preflight_id=requested.preflight_id,
            environment_id=requested.environment_id,
            checked_at=self._workplace.clock.now(),
            passed=passed(findings),
            findings=findings,
            facts=facts,
        )
        await tell(self._workplace, c, run, preflight_stream(requested.preflight_id), completed)
