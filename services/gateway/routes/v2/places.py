"""The environment that an address of the compatible API names, and changes there that are read before the answer."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic_core import from_json

from contracts.envelope import Command
from contracts.errors import RejectionCode
from contracts.streams import stream
from services.gateway.adapters.changes import NotReadableYetError
from services.gateway.adapters.decisions import Intent
from services.gateway.domain.refusals import NotFoundError, RefusalError
from services.gateway.parts import Parts
from services.gateway.resources import Environment
from services.gateway.routes.calls import PartsOf
from services.gateway.routes.settling import settle

PREFIX: Final = "/api/v2/apps/{project_id}/environments/{environment_id}"
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"comment": {"type": ["string", "null"], "maxLength": 1000}}}
            }
        }
    }
}
"""How a body is described that `comment_in` reads."""


async def _environment(project_id: UUID, environment_id: UUID, parts: PartsOf, response: Response) -> Environment:
    """Of this app and of no other: what is elsewhere does not exist here."""
    await settle(parts, environment_id, response)
    found = await parts.read_model.environment(environment_id)
    if found.app_id != project_id:
        raise NotFoundError(RejectionCode.ENVIRONMENT_NOT_FOUND, "there is no environment with this id in this app")
    return found


Place = Annotated[Environment, Depends(_environment)]
"""A route takes it behind its right: who may not look learns not even whether there is such an environment."""


async def snapshot_document(
    parts: Parts, place: Environment, snapshot_id: UUID, *, gone: bool = False
) -> dict[str, Any]:
    """A backup of this environment that is in the list, as the read model keeps it.

    Raises NotFoundError, and NotKnownYetError where it was accepted and cannot be read yet.
    """
    document = await parts.read_model.backup_document(snapshot_id, gone=gone)
    if document is None:
        await _arrived(parts, place, snapshot_id)
        document = await parts.read_model.backup_document(snapshot_id, gone=gone)
    if document is None or document["environment_id"] != str(place.environment_id):
        raise NotFoundError(RejectionCode.NOT_FOUND, "there is no snapshot with this id in this environment")
    return document


async def _arrived(parts: Parts, place: Environment, snapshot_id: UUID) -> None:
    accepted = await parts.tide.accepted(stream("catalog", "backup", snapshot_id))
    if accepted is None or accepted.environment_id != place.environment_id:
        return
    await parts.tide.must_reach(accepted.mark)


async def make(parts: Parts, intent: Intent, body: Command, place: Environment) -> None:
    """Returns when the change can be read: scripts know no "accepted, look later".

    Raises RefusalError and NotKnownYetError.
    """
    try:
        await parts.changes.make(intent, body, str(place.app_id), location=None)
    except NotReadableYetError as late:
        await parts.tide.must_reach(late.mark)


async def comment_in(request: Request) -> str | None:
    """The comment in a body that may be empty, whatever kind it says to be. Raises RefusalError."""
    text = await request.body()
    try:
        given: Any = from_json(text) if text.strip() else {}
    except ValueError as error:
        raise _malformed("the body is no JSON in UTF-8") from error
    comment = given.get("comment") if isinstance(given, dict) else given
    if comment is not None and not isinstance(comment, str):
        raise _malformed("comment: it has to be a text")
    return comment


def _malformed(said: str) -> RefusalError:
    return RefusalError(400, RejectionCode.INVALID_PARAMETERS, said, field="comment")
