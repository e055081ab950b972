"""`nightkeep env shred`: all backups of an environment are made unreadable for good, and what that leaves is told."""

from typing import Annotated, Final, NamedTuple
from uuid import UUID

import typer

from services.cli.client import Gateway, NotFoundError
from services.cli.commands import options
from services.cli.exits import Exit
from services.cli.names import environment_name, find_environment
from services.cli.session import session_of
from services.cli.show import shredding as shown

Confirm = Annotated[
    str | None, typer.Option("--confirm", metavar="NAME", help="Do not ask: the environment's name, said once more.")
]
WARNING: Final = (
    "All its backups become unreadable, for good: the keys that they are encrypted with are destroyed."
    " No key brings them back."
)


class _Found(NamedTuple):
    """An environment; a removed one, which only its id finds, has no name that is known here."""

    environment_id: UUID
    name: str | None = None
    full_name: str | None = None

    def confirmed(self, said: str) -> str:
        """The name to send: `app/name` is as good as the name alone."""
        return self.name if self.name and said == self.full_name else said


def shred(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: options.Environment,
    confirm: Confirm = None,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Make all backups of an environment unreadable for good (crypto-shredding), and say what that leaves.

    A removed environment is named by its id. Refused while a backup, a restore or a download is under way, and while a
    backup is pinned.
    """
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = _found(gateway, environment)
        said = confirm
        if said is None:
            session.err.print(WARNING, style="bold red")
            said = typer.prompt(f"Type the name {found.full_name or 'of the environment'} to shred them", err=True)
        name = found.confirmed(said.strip())
        asked = gateway.shred_backups(found.environment_id, name, idempotency_key=idempotency_key)
        ended = asked
        if wait:
            ended = gateway.wait_for_shredding(found.environment_id, asked.shred_id, timeout_seconds=timeout)
    session.tell(ended, shown.shredding(ended))
    if ended.state == "failed":
        raise typer.Exit(Exit.FAILED)


def _found(gateway: Gateway, text: str) -> _Found:
    try:
        place = find_environment(gateway, text)
    except NotFoundError:
        try:
            return _Found(UUID(text))
        except ValueError:
            pass
        raise
    return _Found(place.environment_id, place.name, environment_name(place))
