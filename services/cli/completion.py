"""Names that the shell completes, asked from the gateway; when it cannot be asked, there is nothing to complete."""

import os
from collections.abc import Callable
from pathlib import Path

import typer

from services.cli.client import Gateway, GatewayError
from services.cli.names import environment_name
from services.cli.session import API_KEY, Session


def complete_app(incomplete: str) -> list[str]:
    """Slugs of apps."""
    return _asked(incomplete, lambda gateway: [app.slug for app in gateway.apps()])


def complete_environment(incomplete: str) -> list[str]:
    """Environments as `app/name`."""
    return _asked(incomplete, lambda gateway: [environment_name(one) for one in gateway.environments()])


def _asked(incomplete: str, names: Callable[[Gateway], list[str]]) -> list[str]:
    try:
        with _session().gateway() as gateway:
            return [name for name in names(gateway) if name.casefold().startswith(incomplete.casefold())]
    except (GatewayError, typer.BadParameter):
        return []


def _session() -> Session:
    """Only from the environment: while a shell completes, no option was read yet."""
    key_file = os.environ.get("NIGHTKEEP_KEY_FILE")
    return Session(
        url=os.environ.get("NIGHTKEEP_URL"),
        user=os.environ.get("NIGHTKEEP_USER"),
        api_key=os.environ.get(API_KEY),
        key_file=Path(key_file) if key_file else None,
    )
