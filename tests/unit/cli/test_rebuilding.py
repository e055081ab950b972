"""What `nightkeep repository rebuild` says of each environment, and asks a person to do."""

from datetime import UTC, datetime
from io import StringIO
from uuid import UUID, uuid4

from rich.console import Console

from services.cli.commands.rebuilding import newest_of
from services.cli.recovery.inventory import KeptBackup
from services.cli.recovery.rebuilding import RebuiltEnvironment
from services.cli.show.repository import rebuilt

ENVIRONMENT_ID = UUID(int=5)


def said(**changes: object) -> str:
    fields = {"environment_id": ENVIRONMENT_ID, "app_id": UUID(int=6), "name": "Production", "backups": 3}
    console = Console(file=StringIO(), width=200)
    console.print(rebuilt([RebuiltEnvironment.model_validate(fields | changes)]))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def kept(day: int, name: str | None) -> KeptBackup:
    created_at = datetime(2026, 11, day, tzinfo=UTC) if name else None
    problem = None if name else "it cannot be read"
    return KeptBackup.model_validate({
        "environment_id": ENVIRONMENT_ID, "backup_id": uuid4(), "environment": name, "created_at": created_at,
        "problem": problem,
    })  # fmt: skip


def test_backups_that_were_pinned_are_counted_and_how_to_unpin_one_is_said() -> None:
    pinned = said(registered=True, recovered=3, pinned=2)
    assert f"2 of {ENVIRONMENT_ID} are pinned, since their time was over" in pinned
    assert "nightkeep backup unpin BACKUP" in pinned
    assert "unpin" not in said(registered=True, recovered=3)


def test_an_app_that_no_manifest_tells_is_not_asked_for() -> None:
    assert f"nightkeep app register SLUG --id {UUID(int=6)}" in said()
    unknown = said(app_id=None, name=None)
    assert "None" not in unknown
    assert f"nightkeep env register SLUG --id {ENVIRONMENT_ID}" in unknown


def test_an_environment_is_called_as_its_newest_readable_manifest_says() -> None:
    assert newest_of([kept(1, "Old"), kept(2, "New"), kept(3, None)]).environment == "New"
    assert newest_of([kept(3, None)]).environment is None
