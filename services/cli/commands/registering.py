"""`nightkeep env register` and `update`: an environment from a file, from options, or from both."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.values import CloudVersion, Mode, Region, SslMode
from services.cli.client import Gateway
from services.cli.commands import options
from services.cli.description import Described, merged, nested, read_description
from services.cli.exits import Exit
from services.cli.names import find_app, find_environment
from services.cli.session import Session, session_of
from services.cli.show import details
from services.cli.validation import checked
from services.gateway.resources import Environment, EnvironmentChange, NewEnvironment

_DATABASE = "Database"
_FILES = "File documents"
_HOOK = "Hook"

File = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="A description in JSON, YAML or TOML; options win over it.", dir_okay=False),
]
Name = Annotated[str | None, typer.Option("--name", help="The name that people read.")]
ModeOf = Annotated[Mode | None, typer.Option("--mode", help="What it is for.")]
DocumentsQuery = Annotated[
    str | None,
    typer.Option(
        help="SQL that yields (uuid, size or null): with it restore points are proven.", rich_help_panel=_FILES
    ),
]
HookUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where the platform is asked to stop and start the app.", rich_help_panel=_HOOK),
]
HookSecret = Annotated[
    str | None, typer.Option(metavar="secret:NAME", help="What signs the calls.", rich_help_panel=_HOOK)
]


def register(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    app: options.App,
    file: File = None,
    name: Name = None,
    mode: ModeOf = None,
    region: Annotated[Region | None, typer.Option("--region", help="Where it runs; decides the nightly time.")] = None,
    cloud_version: Annotated[CloudVersion | None, typer.Option(help="Decides the nightly time.")] = None,
    database_host: Annotated[str | None, typer.Option(rich_help_panel=_DATABASE)] = None,
    database_port: Annotated[int | None, typer.Option(rich_help_panel=_DATABASE)] = None,
    database_name: Annotated[str | None, typer.Option(rich_help_panel=_DATABASE)] = None,
    database_user: Annotated[str | None, typer.Option(help="The role that owns it.", rich_help_panel=_DATABASE)] = None,
    database_password: Annotated[
        str | None, typer.Option(metavar="secret:NAME", help="See `nightkeep secret put`.", rich_help_panel=_DATABASE)
    ] = None,
    sslmode: Annotated[SslMode | None, typer.Option(help="TLS as libpq knows it.", rich_help_panel=_DATABASE)] = None,
    provisioner_user: Annotated[
        str | None, typer.Option(help="The role that creates databases.", rich_help_panel=_DATABASE)
    ] = None,
    provisioner_password: Annotated[str | None, typer.Option(metavar="secret:NAME", rich_help_panel=_DATABASE)] = None,
    files_directory: Annotated[str | None, typer.Option(help="A directory.", rich_help_panel=_FILES)] = None,
    files_bucket: Annotated[str | None, typer.Option(help="Or an S3 bucket.", rich_help_panel=_FILES)] = None,
    files_prefix: Annotated[str | None, typer.Option(help="The prefix in it.", rich_help_panel=_FILES)] = None,
    files_endpoint_url: Annotated[str | None, typer.Option(rich_help_panel=_FILES)] = None,
    files_credentials: Annotated[str | None, typer.Option(metavar="secret:NAME", rich_help_panel=_FILES)] = None,
    documents_query: DocumentsQuery = None,
    hook_url: HookUrl = None,
    hook_secret: HookSecret = None,
    environment_id: options.OwnId = None,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Make an environment of an app known, and show what the check of it found."""
    session = session_of(context, as_json=as_json)
    given = nested({
        "name": name,
        "mode": mode,
        "region": region,
        "cloud_version": cloud_version,
        "database.host": database_host,
        "database.port": database_port,
        "database.name": database_name,
        "database.user": database_user,
        "database.password": database_password,
        "database.sslmode": sslmode,
        "database.provisioner.user": provisioner_user,
        "database.provisioner.password": provisioner_password,
        "files.kind": _files_kind(files_directory, files_bucket),
        "files.path": files_directory,
        "files.bucket": files_bucket,
        "files.prefix": files_prefix,
        "files.endpoint_url": files_endpoint_url,
        "files.credentials": files_credentials,
        "documents_query": documents_query,
        "hook.url": hook_url,
        "hook.secret": hook_secret,
        "environment_id": environment_id,
    })  # fmt: skip
    new = checked(NewEnvironment, merged(_described(file), given))
    with session.gateway() as gateway:
        known = gateway.register_environment(
            find_app(gateway, app).app_id, new, wait_seconds=0, idempotency_key=idempotency_key
        )
        _tell(session, gateway, known, wait=wait, timeout=timeout)


def update(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: options.Environment,
    file: File = None,
    name: Name = None,
    mode: ModeOf = None,
    documents_query: DocumentsQuery = None,
    hook_url: HookUrl = None,
    hook_secret: HookSecret = None,
    without_hook: Annotated[
        bool | None,
        typer.Option("--without-hook", help="Forget the hook, and wait for its answer no more.", rich_help_panel=_HOOK),
    ] = None,
    without_schedule: Annotated[
        bool | None,
        typer.Option("--without-schedule", help="Forget its own nightly time: its region's is used again."),
    ] = None,
    wait: options.Wait = True,
    timeout: options.Timeout = None,
    as_json: options.AsJson = False,
) -> None:
    """Change an environment; what is not given stays, also within `database`, `files` and `hook`."""
    session = session_of(context, as_json=as_json)
    plain = {"name": name, "mode": mode, "documents_query": documents_query}
    without = {"without_hook": without_hook, "without_schedule": without_schedule}
    options_given = nested(plain | without | {"hook.url": hook_url, "hook.secret": hook_secret})
    given = merged(_described(file), options_given)
    if not given:
        raise typer.BadParameter("nothing to change: give --file or an option")
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        change = checked(EnvironmentChange, _whole_places(place, given))
        changed = gateway.update_environment(place.environment_id, change, wait_seconds=0)
        _tell(session, gateway, changed, wait=wait, timeout=timeout)


def _described(file: Path | None) -> Described:
    return {} if file is None else read_description(file)


def _files_kind(directory: str | None, bucket: str | None) -> str | None:
    if directory is not None and bucket is not None:
        raise typer.BadParameter("files are in a directory or in a bucket: give one of the two")
    return "directory" if directory is not None else "s3" if bucket is not None else None


def _whole_places(known: Environment, given: Described) -> Described:
    """A place is changed as a whole; what was not given of it is as it was, unless it is another kind of place."""
    present = known.model_dump(mode="json", include={"database", "files", "hook"}, exclude_none=True)
    kind = given.get("files", {}).get("kind", known.files.kind)
    bases = {name: place for name, place in present.items() if name in given and place.get("kind") in (None, kind)}
    return merged(bases, given)


def _tell(session: Session, gateway: Gateway, known: Environment, *, wait: bool, timeout: float | None) -> None:
    if wait:
        gateway.wait_for_check(known.environment_id, timeout_seconds=timeout)
        known = gateway.environment(known.environment_id)
    session.tell(known, details.environment(known))
    if known.check is not None and known.check.state == "failed":
        raise typer.Exit(Exit.FAILED)
