"""`nightkeep env deploy`: which deployment package an environment runs."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands import options
from services.cli.names import find_environment
from services.cli.sending import measure
from services.cli.session import session_of
from services.cli.show import details

ModelVersion = Annotated[str, typer.Argument(help="The version of the deployment package.")]
Size = Annotated[int | None, typer.Option("--size", metavar="BYTES", help="The package's size.")]
Sha256 = Annotated[str | None, typer.Option("--sha256", metavar="HEX", help="The package's SHA-256.")]
Package = Annotated[
    Path | None,
    typer.Option(
        "--package",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="The package itself: its size and SHA-256 are taken of it; it is not sent.",
    ),
]


def deploy(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    environment: options.Environment,
    model_version: ModelVersion,
    size: Size = None,
    sha256: Sha256 = None,
    package: Package = None,
    as_json: options.AsJson = False,
) -> None:
    """Say which model version it runs from now on, and what is known of its package."""
    session = session_of(context, as_json=as_json)
    package_bytes, package_sha256 = _told(size, sha256, package)
    with session.gateway() as gateway:
        place = find_environment(gateway, environment)
        deployed = gateway.deploy(
            place.environment_id, model_version, package_bytes=package_bytes, package_sha256=package_sha256
        )
    session.tell(deployed, details.environment(deployed))


def _told(size: int | None, sha256: str | None, package: Path | None) -> tuple[int | None, str | None]:
    if package is None:
        return size, sha256
    if size is not None or sha256 is not None:
        raise typer.BadParameter("--package tells size and SHA-256: leave --size and --sha256 out")
    with package.open("rb") as file:
        return measure(file)
