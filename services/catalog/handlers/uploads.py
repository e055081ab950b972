"""Commands on uploads of data."""

from contracts.actors import person
from contracts.commands.uploads import CancelUpload, RequestUpload
from contracts.events.uploads import UploadRequested
from contracts.retention import effective
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import uploads as rules
from services.catalog.domain.decide.backups import safety_backup
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.state.app import App
from services.catalog.domain.state.environment import Environment
from services.catalog.domain.state.upload import Upload
from services.catalog.handlers.decided import Decided, Request

SAFETY = "safety backup"


async def request_upload(desk: Desk, command: RequestUpload, request: Request) -> Decided:
    """Accept an upload, and its safety backup; from here on nothing else may change the environment."""
    environment = await desk.find(Environment, command.environment_id)
    upload = await desk.find(Upload, command.upload_id)
    event = rules.request_upload(
        upload,
        environment,
        command,
        safety_backup_id=request.derived_id(SAFETY),
        requested_by=person(request.actor),
        now=request.now,
    )
    environment = known_environment(environment, command.environment_id)
    beside = await _safety_backup(desk, environment, event)
    return Decided("upload", command.upload_id, event.app_id, (event,), beside)


async def cancel_upload(desk: Desk, command: CancelUpload, _request: Request) -> Decided:
    """Ask for its end."""
    upload = await desk.find(Upload, command.upload_id)
    event = rules.cancel_upload(upload, command)
    return Decided("upload", command.upload_id, rules.known(upload, command.upload_id).app_id, (event,))


async def _safety_backup(desk: Desk, environment: Environment, asked: UploadRequested) -> tuple[Decided, ...]:
    if asked.safety_backup_id is None:
        return ()
    app = await desk.find(App, environment.app_id)
    policy = effective(environment.policy, app.policy if app else None)
    events = safety_backup(
        environment,
        asked.safety_backup_id,
        asked.upload_id,
        created_by=asked.requested_by,
        now=asked.requested_at,
        policy=policy,
    )
    return (Decided("backup", asked.safety_backup_id, environment.app_id, events),)
