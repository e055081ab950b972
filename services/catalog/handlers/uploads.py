"""Commands on what was sent: uploads of data, and backups to import."""

from contracts.actors import person
from contracts.commands.uploads import CancelUpload, ImportBackup, RequestUpload
from contracts.events.uploads import UploadRequested
from contracts.retention import Policy, effective
from services.catalog.adapters.desk import Desk
from services.catalog.domain.decide import backups as backup_rules
from services.catalog.domain.decide import uploads as rules
from services.catalog.domain.decide.environments import known as known_environment
from services.catalog.domain.state.app import App
from services.catalog.domain.state.backup import Backup
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
    behind = await _safety_backup(desk, environment, event)
    return Decided("upload", command.upload_id, event.app_id, (event,), behind=behind)


async def cancel_upload(desk: Desk, command: CancelUpload, _request: Request) -> Decided:
    """Ask for its end."""
    upload = await desk.find(Upload, command.upload_id)
    event = rules.cancel_upload(upload, command)
    return Decided("upload", command.upload_id, rules.known(upload, command.upload_id).app_id, (event,))


async def import_backup(desk: Desk, command: ImportBackup, request: Request) -> Decided:
    """Accept a backup that is made of what was sent, with its expiry."""
    backup = await desk.find(Backup, command.backup_id)
    environment = await desk.find(Environment, command.environment_id)
    event = backup_rules.import_backup(
        backup,
        environment,
        command,
        created_by=person(request.actor),
        now=request.now,
        policy=await _policy(desk, environment),
    )
    return Decided("backup", command.backup_id, event.app_id, (event,))


async def _policy(desk: Desk, environment: Environment | None) -> Policy:
    app = await desk.find(App, environment.app_id) if environment else None
    return effective(environment.policy if environment else None, app.policy if app else None)


async def _safety_backup(desk: Desk, environment: Environment, asked: UploadRequested) -> tuple[Decided, ...]:
    if asked.safety_backup_id is None:
        return ()
    policy = await _policy(desk, environment)
    events = backup_rules.safety_backup(
        environment,
        asked.safety_backup_id,
        asked.upload_id,
        created_by=asked.requested_by,
        now=asked.requested_at,
        policy=policy,
    )
    return (Decided("backup", asked.safety_backup_id, environment.app_id, events),)
