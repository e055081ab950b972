"""Tells the gateway about the sample app: an app with two environments, both able to take a backup."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.values import CloudVersion, DatabasePlace, DirectoryFiles, Mode, Provisioner, Region, SslMode
from infra.sample.app import Sample, SampleEnvironment
from infra.sample.errors import SampleError
from services.cli.client import Gateway
from services.gateway.resources import App, Check, Environment, EnvironmentChange, NewApp, NewEnvironment

APP_NAME: Final = "Orders"
MODEL_VERSION: Final = "1.4.2"
DOCUMENTS_QUERY: Final = "SELECT document_id, size_bytes FROM office.document_reference"
CHECK_SECONDS: Final = 60.0


@dataclass(frozen=True)
class RegisteredSample:
    """The ids under which Nightkeep knows the sample app."""

    app_id: UUID
    production: UUID
    acceptance: UUID


def register_sample(gateway: Gateway, sample: Sample) -> RegisteredSample:
    """Register what is not known yet, bring up to date what is, and wait for both checks.

    Production runs model version 1.4.2; acceptance is stopped and has none. Raises SampleError when a check fails,
    with its findings, and the gateway's errors.
    """
    app = _app(gateway, sample.names.app)
    known = {environment.name: environment for environment in gateway.environments(app_id=app.app_id)}
    with ThreadPoolExecutor() as pool:
        wanted = (production_of(sample), acceptance_of(sample))
        production, acceptance = pool.map(lambda new: _environment(gateway, app, known, new), wanted)
    if production.model_version is None:
        gateway.deploy(production.environment_id, MODEL_VERSION)
        gateway.start(production.environment_id)
    for environment in (production, acceptance):
        check = gateway.wait_for_check(environment.environment_id, timeout_seconds=CHECK_SECONDS)
        _raise_unless_passed(environment, check)
    return RegisteredSample(app.app_id, production.environment_id, acceptance.environment_id)


def _app(gateway: Gateway, slug: str) -> App:
    known: Iterator[App] = (app for app in gateway.apps(name=slug) if app.slug == slug)
    return next(known, None) or gateway.register_app(NewApp(name=APP_NAME, slug=slug))


def _environment(gateway: Gateway, app: App, known: dict[str, Environment], wanted: NewEnvironment) -> Environment:
    there = known.get(wanted.name)
    if there is None:
        return gateway.register_environment(app.app_id, wanted)
    if (there.database, there.files) == (wanted.database, wanted.files):
        return there
    change = EnvironmentChange(database=wanted.database, files=wanted.files)
    return gateway.update_environment(there.environment_id, change)


def production_of(sample: Sample) -> NewEnvironment:
    """Production as it is registered."""
    return NewEnvironment(
        name="production",
        mode=Mode.PRODUCTION,
        region=Region.EUROPE,
        cloud_version=CloudVersion.V4,
        database=_database(sample, sample.production),
        files=DirectoryFiles(kind="directory", path=str(sample.production.documents)),
        documents_query=DOCUMENTS_QUERY,
    )


def acceptance_of(sample: Sample) -> NewEnvironment:
    """Acceptance as it is registered: what production's reader may read, its own may read after a restore."""
    roles = {sample.names.production.reader: sample.names.acceptance.reader}
    return NewEnvironment(
        name="acceptance",
        mode=Mode.ACCEPTANCE,
        region=Region.EUROPE,
        cloud_version=CloudVersion.V4,
        database=_database(sample, sample.acceptance).model_copy(update={"role_map": roles}),
        files=DirectoryFiles(kind="directory", path=str(sample.acceptance.documents)),
    )


def _database(sample: Sample, environment: SampleEnvironment) -> DatabasePlace:
    server = environment.psql.server
    return DatabasePlace(
        host=server.host,
        port=server.port,
        name=environment.names.database,
        user=environment.names.owner,
        password=f"secret:{environment.names.secret}",
        sslmode=SslMode(server.sslmode),
        ca_file=None if server.ca_file is None else str(server.ca_file),
        provisioner=Provisioner(user=sample.names.provisioner, password=f"secret:{sample.names.provisioner_secret}"),
    )


def _raise_unless_passed(environment: Environment, check: Check) -> None:
    if check.state != "passed":
        findings = "; ".join(finding.message for finding in check.findings)
        raise SampleError(f"the sample's {environment.name} environment did not pass its check: {findings}")
