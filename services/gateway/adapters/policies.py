"""Policies from the read model: which one holds at a place, and the changes of it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from contracts.errors import RejectionCode
from contracts.retention import Policy, effective
from contracts.simulation import LISTED, Simulation, Subject, simulate
from services.gateway.domain.policies import holding
from services.gateway.domain.refusals import NotFoundError
from services.gateway.resources import PolicyChange, PolicyInForce
from services.platform.database import Connection, Database, Record, load_queries

_sql = load_queries("services.gateway")

_LISTED: Final = sorted(LISTED)


class Policies:
    """Who follows which rule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_environment(self, environment_id: UUID) -> PolicyInForce:
        """Its own policy, else its app's, else the default. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _at_environment(c, environment_id)
            pending = await _sql.pending_change(c, app_id=row["app_id"], environment_id=environment_id)
        return _in_force(row, pending, environment_id)

    async def of_app(self, app_id: UUID) -> PolicyInForce:
        """What its environments follow that have no policy of their own. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _at_app(c, app_id)
            pending = await _sql.pending_change(c, app_id=app_id, environment_id=None)
        return _in_force(row, pending, None)

    async def simulated_for_environment(
        self, environment_id: UUID, policy: str | Policy | None, now: datetime
    ) -> Simulation:
        """What another policy would do to an environment's backups. Raises NotFoundError and RefusalError."""
        async with self._database.transaction() as c:
            row = await _at_environment(c, environment_id)
            backups = await _subjects(_sql.simulated_of_environment(c, environment_id=environment_id, states=_LISTED))
        return simulate(backups, holding(policy, _given(row["of_app"]), row["newest_version"]), now=now)

    async def simulated_for_app(self, app_id: UUID, policy: str | Policy | None, now: datetime) -> Simulation:
        """The same for the backups of all environments that follow their app. Raises as above."""
        async with self._database.transaction() as c:
            row = await _at_app(c, app_id)
            backups = await _subjects(_sql.simulated_of_app(c, app_id=app_id, states=_LISTED))
        return simulate(backups, holding(policy, None, row["newest_version"]), now=now)

    async def change(self, policy_change_id: UUID) -> PolicyChange:
        """One change of a policy. Raises NotFoundError."""
        async with self._database.transaction() as c:
            document = await _sql.policy_change(c, policy_change_id=policy_change_id)
        if document is None:
            raise NotFoundError(RejectionCode.NOT_FOUND, "there is no policy change with this id")
        return PolicyChange.model_validate(document)


async def _at_environment(c: Connection, environment_id: UUID) -> Record:
    row: Record | None = await _sql.policies_of_environment(c, environment_id=environment_id)
    if row is None:
        raise NotFoundError(RejectionCode.ENVIRONMENT_NOT_FOUND, "there is no environment with this id")
    return row


async def _at_app(c: Connection, app_id: UUID) -> Record:
    row: Record | None = await _sql.policies_of_app(c, app_id=app_id)
    if row is None:
        raise NotFoundError(RejectionCode.APP_NOT_FOUND, "there is no app with this id")
    return row


async def _subjects(rows: AsyncIterator[Record]) -> list[Subject]:
    return [Subject.model_validate(row["document"]) async for row in rows]


def _given(document: Any) -> Policy | None:  # noqa: ANN401 -- JSON
    return Policy.model_validate(document) if document else None


def _in_force(row: Record, pending: Any, environment_id: UUID | None) -> PolicyInForce:  # noqa: ANN401 -- JSON
    given_by: Literal["environment", "app", "default"]
    given_by = "environment" if row["own"] else "app" if row["of_app"] else "default"
    return PolicyInForce(
        app_id=row["app_id"],
        environment_id=environment_id,
        policy=effective(_given(row["own"]), _given(row["of_app"])),
        given_by=given_by,
        pending=PolicyChange.model_validate(pending) if pending else None,
    )
