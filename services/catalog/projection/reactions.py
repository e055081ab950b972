"""What an event does to the read model: load the rows it is about, fold, save."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from contracts.envelope import Event, Message
from contracts.errors import FailureCode
from contracts.states import ForbiddenMoveError
from services.catalog.domain.state import concerns
from services.catalog.domain.state.app import App
from services.catalog.domain.state.app import evolve as app_view
from services.catalog.projection.views.backup import BackupView
from services.catalog.projection.views.backup import view as backup_view
from services.catalog.projection.views.environment import EnvironmentView
from services.catalog.projection.views.environment import view as environment_view
from services.catalog.projection.views.restore import PreflightView, RestoreView, preflight_view
from services.catalog.projection.views.restore import view as restore_view
from services.platform.database import Connection, load_queries
from services.platform.messaging.intake import Reaction
from services.platform.process.errors import PermanentError

queries = load_queries("services.catalog.projection")

Follow = Callable[[Connection, Event], Awaitable[None]]


async def _app(c: Connection, event: Event) -> None:
    app_id: UUID = event.app_id  # type: ignore[attr-defined]  # -- all of APP's events have it
    before = await queries.find_app(c, entity_id=app_id)
    app = app_view(before and App.model_validate(before), event)
    if app is not None:
        document = app.model_dump(mode="json")
        await queries.save_app(c, entity_id=app_id, slug=app.slug, removed=app.removed, document=document)


async def _environment(c: Connection, event: Event) -> None:
    environment_id: UUID = event.environment_id  # type: ignore[attr-defined]  # -- all of ENVIRONMENT's have it
    before = await queries.find_environment(c, entity_id=environment_id)
    found = environment_view(before and EnvironmentView.model_validate(before), event)
    if found is not None:
        await queries.save_environment(
            c,
            entity_id=environment_id,
            app_id=found.app_id,
            name=found.name,
            removed=found.removed,
            document=found.model_dump(mode="json"),
        )


async def _backup(c: Connection, event: Event) -> None:
    backup_id: UUID = event.backup_id  # type: ignore[attr-defined]  # -- all of BACKUP's events have it
    before = await queries.find_backup(c, entity_id=backup_id)
    found = backup_view(before and BackupView.model_validate(before), event)
    if found is not None:
        await queries.save_backup(
            c,
            entity_id=backup_id,
            environment_id=found.environment_id,
            state=found.state.value,
            created_at=found.created_at,
            document=found.model_dump(mode="json"),
        )


async def _restore(c: Connection, event: Event) -> None:
    restore_id: UUID = event.restore_id  # type: ignore[attr-defined]  # -- all of RESTORE's events have it
    before = await queries.find_restore(c, entity_id=restore_id)
    found = restore_view(before and RestoreView.model_validate(before), event)
    if found is not None:
        await queries.save_restore(
            c,
            entity_id=restore_id,
            environment_id=found.environment_id,
            state=found.state.value,
            requested_at=found.requested_at,
            document=found.model_dump(mode="json"),
        )


async def _preflight(c: Connection, event: Event) -> None:
    preflight_id: UUID = event.preflight_id  # type: ignore[attr-defined]  # -- all of PREFLIGHT's events have it
    before = await queries.find_preflight(c, entity_id=preflight_id)
    found = preflight_view(before and PreflightView.model_validate(before), event)
    if found is not None:
        await queries.save_preflight(
            c, entity_id=preflight_id, environment_id=found.environment_id, document=found.model_dump(mode="json")
        )


_FOLLOWS: Final[tuple[tuple[tuple[type[Event], ...], Follow], ...]] = (
    (concerns.APP, _app),
    (concerns.ENVIRONMENT, _environment),
    (concerns.BACKUP, _backup),
    (concerns.RESTORE, _restore),
    (concerns.PREFLIGHT, _preflight),
)


def reactions() -> Mapping[type[Event], Reaction]:
    """The reaction to each event that the read model shows."""
    events = {event for followed, _ in _FOLLOWS for event in followed}
    return {event: _reaction([follow for followed, follow in _FOLLOWS if event in followed]) for event in events}


def _reaction(follows: list[Follow]) -> Reaction:
    async def react(c: Connection, message: Message[Any]) -> None:
        try:
            for follow in follows:
                await follow(c, message.body)
        except ForbiddenMoveError as error:
            raise PermanentError(str(error), code=FailureCode.INTERNAL) from error

    return react
