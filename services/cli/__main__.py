"""`nightkeep`: the platform from a terminal, for people and for scripts."""

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_group

from services import end_imports
from services.cli.errors import GatewayError
from services.cli.exits import EXPLAINED, exit_code
from services.cli.local import add_stack_commands, stack_is_here
from services.cli.session import API_KEY, Session

GROUPS: Final[Mapping[str, str]] = {
    "app": "apps",
    "env": "environments",
    "secret": "secrets",
    "backup": "backups",
    "archive": "archives",
    "restore": "restores",
    "preflight": "preflights",
    "upload": "uploads",
    "slot": "slots",
    "policy": "policies",
    "sweep": "sweeps",
    "alert": "alerts",
    "audit": "audit",
    "webhook": "webhooks",
    "dead-letter": "dead_letters",
    "user": "users",
    "key": "keys",
    "access": "access",
    "admin": "admin",
    "organisation": "organisations",
    "repository": "repository",
}
"""Each group's module, in the order of the help. It is imported when the group is named: what they need takes longer to
import than most commands take."""


class Nightkeep(TyperGroup):
    """Ends every command with the exit code of its error, told on standard error."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- typer keeps click's types to itself
        """The names of all commands."""
        return [*super().list_commands(ctx), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 -- as above
        """The command of this name, None where there is none."""
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        return _group(GROUPS[cmd_name])

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 -- typer keeps click's types to itself
        """Runs the command that was named."""
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            _tell(ctx.obj, error)
            raise typer.Exit(exit_code(error)) from error


app = typer.Typer(
    name="nightkeep",
    cls=Nightkeep,
    epilog=EXPLAINED,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
if stack_is_here():
    add_stack_commands(app)


@app.callback()
def connect(
    context: typer.Context,
    *,
    url: Annotated[str | None, typer.Option(envvar="NIGHTKEEP_URL", help="The gateway's address.")] = None,
    user: Annotated[str | None, typer.Option(envvar="NIGHTKEEP_USER", help="Whose key it is.")] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file", envvar="NIGHTKEEP_KEY_FILE", help="A file with the key, or with JSON {user, api_key}."
        ),
    ] = None,
) -> None:
    """Back up, list and restore application environments.

    Talks to the gateway at --url with a key from --key-file or NIGHTKEEP_API_KEY; without them, to the local stack.
    """
    end_imports()  # the group that was named has been imported before
    context.obj = Session(url=url, user=user, api_key=os.environ.get(API_KEY), key_file=key_file)


def main() -> None:
    """The entry point of the program."""
    app()


@cache
def _group(module: str) -> TyperGroup:
    return get_group(import_module(f"services.cli.commands.{module}").commands)


def _tell(session: Session | None, error: GatewayError) -> None:
    if session is not None and session.as_json:
        told = {"errorCode": error.code, "errorMessage": str(error), "field": error.field}
        typer.echo(json.dumps({name: value for name, value in told.items() if value}), err=True)
        return
    code = f" ({error.code})" if error.code else ""
    typer.secho("error", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(f": {error}{code}", err=True)


if __name__ == "__main__":
    main()
