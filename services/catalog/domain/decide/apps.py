"""Decisions on apps."""

from uuid import UUID

from contracts.commands.apps import RegisterApp, RemoveApp, UpdateApp
from contracts.errors import RejectionCode
from contracts.events.apps import AppRegistered, AppRemoved, AppUpdated
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.app import App


def known(app: App | None, app_id: UUID) -> App:
    """The app, when there is one. Raises RefusedError."""
    if app is None or app.removed:
        raise RefusedError(RejectionCode.APP_NOT_FOUND, f"there is no app {app_id}", field="app_id")
    return app


def register_app(app: App | None, command: RegisterApp, *, slug_owner: UUID | None) -> AppRegistered:
    """`slug_owner` is the living app that has this slug already, if any."""
    if app is not None:
        raise RefusedError(RejectionCode.ALREADY_EXISTS, f"app {command.app_id} exists already", field="app_id")
    _refuse_taken_slug(command.slug, slug_owner, command.app_id)
    return AppRegistered(app_id=command.app_id, name=command.name, slug=command.slug)


def update_app(app: App | None, command: UpdateApp, *, slug_owner: UUID | None) -> AppUpdated:
    """What is not given stays."""
    app = known(app, command.app_id)
    slug = command.slug or app.slug
    _refuse_taken_slug(slug, slug_owner, command.app_id)
    return AppUpdated(app_id=app.app_id, name=command.name or app.name, slug=slug)


def remove_app(app: App | None, command: RemoveApp) -> AppRemoved:
    """An app goes after its environments."""
    app = known(app, command.app_id)
    if app.environments:
        names = ", ".join(sorted(app.environments.values()))
        raise RefusedError(
            RejectionCode.NOT_ALLOWED, f"the app still has environments ({names}): remove them first", field="app_id"
        )
    return AppRemoved(app_id=app.app_id)


def _refuse_taken_slug(slug: str, owner: UUID | None, app_id: UUID) -> None:
    if owner is not None and owner != app_id:
        raise RefusedError(
            RejectionCode.ALREADY_EXISTS, f"another app has the slug {slug!r}: choose another one", field="slug"
        )
