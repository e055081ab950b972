"""Policies from the read model: which one holds at a place, and the changes of it."""

from typing import Any, Final, Literal
from uuid import UUID

from contracts.errors import RejectionCode
from contracts.retention import CLASSIC, Policy
from services.gateway.domain.refusals import NotFoundError
from services.gateway.resources import PolicyChange, PolicyInForce
from services.platform.database import Database, Record, load_queries

_sql = load_queries("services.gateway")

_NO_ENVIRONMENT: Final = (RejectionCode.ENVIRONMENT_NOT_FOUND, "there is no environment with this id")
_NO_APP: Final = (RejectionCode.APP_NOT_FOUND, "there is no app with this id")


class Policies:
    """Who follows which rule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_environment(self, environment_id: UUID) -> PolicyInForce:
        """Its own policy, else its app's, else the default. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _sql.policies_of_environment(c, environment_id=environment_id)
            if row is None:
                raise NotFoundError(*_NO_ENVIRONMENT)
            pending = await _sql.pending_change(c, app_id=row["app_id"], environment_id=environment_id)
        return _in_force(row, pending, environment_id)

    async def of_app(self, app_id: UUID) -> PolicyInForce:
        """What its environments follow that have no policy of their own. Raises NotFoundError."""
        async with self._database.transaction() as c:
            row = await _sql.policies_of_app(c, app_id=app_id)
            if row is None:
                raise NotFoundError(*_NO_APP)
            pending = await _sql.pending_change(c, app_id=app_id, environment_id=None)
        return _in_force(row, pending, None)

    async def change(self, policy_change_id: UUID) -> PolicyChange:
        """One change of a policy. Raises NotFoundError."""
        async with self._database.transaction() as c:
            document = await _sql.policy_change(c, policy_change_id=policy_change_id)
        if document is None:
            raise NotFoundError(RejectionCode.NOT_FOUND, "there is no policy change with this id")
        return PolicyChange.model_validate(document)


def _in_force(row: Record, pending: Any, environment_id: UUID | None) -> PolicyInForce:  # noqa: ANN401 -- JSON
    given_by: Literal["environment", "app", "default"]
    given_by = "environment" if row["own"] else "app" if row["of_app"] else "default"
    given = row["own"] or row["of_app"]
    return PolicyInForce(
        app_id=row["app_id"],
        environment_id=environment_id,
        policy=Policy.model_validate(given) if given else CLASSIC,
        given_by=given_by,
        pending=PolicyChange.model_validate(pending) if pending else None,
    )
