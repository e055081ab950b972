"""An app with environments, as a script registers it, and the facts that other services say about them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.support.script import Json, Script, Seen

CHECKED_AT = "2026-03-04T12:00:00Z"


@dataclass
class Shop:
    """One app of a test's own; `sequences` are the places of other services' streams."""

    script: Script
    app_id: UUID = field(default_factory=uuid4)
    sequences: dict[str, int] = field(default_factory=dict)

    async def ask(self, command: str, **data: object) -> Seen:
        """Send a command about this app and wait for its outcome."""
        told = {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()}
        return await self.script.ask(command, told, key=self.app_id)

    async def fact(self, event: str, stream: str, **data: object) -> None:
        """Say something as another service; `stream` is its, like `snapshot/backup/<id>`."""
        self.sequences[stream] = self.sequences.get(stream, 0) + 1
        told = {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()}
        await self.script.say(event, told, stream=stream, sequence=self.sequences[stream], key=self.app_id)

    async def register(self) -> Seen:
        """Make the app known."""
        return await self.ask("RegisterApp", app_id=self.app_id, name="Shop", slug=f"shop-{self.app_id.hex[:12]}")

    async def environment(self, name: str = "production", *, checked: bool = True, **changes: object) -> UUID:
        """A registered environment, by default one whose check has passed."""
        environment_id = uuid4()
        registered = await self.ask("RegisterEnvironment", **self.described(environment_id, name) | changes)
        assert registered.name == "EnvironmentRegistered", registered.data
        if checked:
            await self.checked(environment_id, registered.data["check_id"])
        return environment_id

    def described(self, environment_id: UUID, name: str = "production") -> dict[str, Any]:
        """What RegisterEnvironment says of an environment."""
        return {
            "app_id": self.app_id,
            "environment_id": environment_id,
            "name": name,
            "mode": "production",
            "region": "europe",
            "cloud_version": "v4",
            "database": database(),
            "files": {"kind": "directory", "path": "/srv/shop/documents"},
        }

    async def checked(self, environment_id: UUID, check_id: object, *, passed: bool = True) -> None:
        """What the snapshot service says after its look."""
        await self.fact(
            "EnvironmentChecked",
            f"snapshot/environment/{environment_id}",
            environment_id=environment_id,
            check_id=str(check_id),
            checked_at=CHECKED_AT,
            passed=passed,
            server_version="18.6",
            findings=[],
        )

    async def running(self, name: str = "production") -> UUID:
        """An environment whose app is deployed and runs, as nightly backups need it."""
        environment_id = await self.environment(name)
        await self.ask("DeployPackage", environment_id=environment_id, model_version="7.1.0")
        started = await self.ask("StartEnvironment", environment_id=environment_id)
        assert started.name == "EnvironmentStarted", started.data
        return environment_id

    async def nightly(self, environment_id: UUID, slot_date: str, *, completed: bool = True) -> Seen:
        """A nightly backup as the schedule asks for it; unless told otherwise it has completed."""
        backup_id, slot = uuid4(), night(slot_date)
        requested = await self.ask("RequestBackup", backup_id=backup_id, environment_id=environment_id, slot=slot)
        assert requested.name == "BackupRequested", requested.data
        if completed:
            await self.backup_started(backup_id, environment_id)
            await self.backup_completed(backup_id, environment_id)
        return requested

    async def slot_ended(self, environment_id: UUID, slot_date: str, state: str = "failed") -> None:
        """What the snapshot service says of an expected nightly run."""
        stream = f"snapshot/slot/{environment_id}.{slot_date}"
        told = {"environment_id": environment_id, "slot_date": slot_date, "due_at": f"{slot_date}T19:00:00Z"}
        await self.fact("SlotPlanned", stream, **told, calendar_offset="+01:00")
        ended = {"ended_at": f"{slot_date}T20:00:00Z", "state": state, "reason": state, "late": False}
        await self.fact("SlotEnded", stream, **told, **ended, backup_id=None, tries=[])

    async def expire(self, backup_id: object, expires_at: object) -> Seen:
        """What retention asks when it thinks that a backup is due."""
        evidence = {"sweep_id": uuid4(), "expires_at": expires_at, "judged_at": expires_at}
        return await self.ask("ExpireBackup", backup_id=backup_id, **evidence)

    async def backup(self, environment_id: UUID, *, completed: bool = True) -> UUID:
        """A backup that was asked for and, unless told otherwise, has completed."""
        backup_id = uuid4()
        requested = await self.ask("RequestBackup", backup_id=backup_id, environment_id=environment_id)
        assert requested.name == "BackupRequested", requested.data
        if completed:
            await self.backup_started(backup_id, environment_id)
            await self.backup_completed(backup_id, environment_id)
        return backup_id

    async def backup_started(self, backup_id: UUID, environment_id: UUID) -> None:
        """What the snapshot service says when it begins."""
        stream = f"snapshot/backup/{backup_id}"
        ids = {"backup_id": backup_id, "environment_id": environment_id}
        await self.fact("BackupStarted", stream, **ids, started_at=CHECKED_AT)

    async def backup_failed(self, backup_id: UUID, environment_id: UUID) -> None:
        """What the snapshot service says when it did not go well."""
        ids = {"backup_id": backup_id, "environment_id": environment_id}
        why = {"code": "DUMP_FAILED", "reason": "the dump broke off", "retryable": True}
        await self.fact("BackupFailed", f"snapshot/backup/{backup_id}", **ids, finished_at=CHECKED_AT, **why)

    async def backup_completed(self, backup_id: UUID, environment_id: UUID) -> None:
        """What the snapshot service says at the end."""
        stream = f"snapshot/backup/{backup_id}"
        ids = {"backup_id": backup_id, "environment_id": environment_id}
        await self.fact("BackupCompleted", stream, **ids, **completed_backup(backup_id))

    async def heard(self) -> None:
        """The catalog knows all facts said so far: it hears them before it refuses anything."""
        assert (await self.ask("CancelBackup", backup_id=uuid4())).name == "CommandRejected"

    async def restore(self, backup_id: UUID, environment_id: UUID, *, switched_at: str | None = None) -> UUID:
        """A restore that was asked for; with `switched_at` it has completed."""
        restore_id = uuid4()
        requested = await self.ask(
            "RequestRestore", restore_id=restore_id, backup_id=backup_id, environment_id=environment_id
        )
        assert requested.name == "RestoreRequested", requested.data
        if switched_at:
            await self.restored(restore_id, environment_id, switched_at)
        return restore_id

    async def restored(self, restore_id: UUID, environment_id: UUID, switched_at: str) -> None:
        """What the restore service says of a restore that went well."""
        stream = f"restore/restore/{restore_id}"
        ids = {"restore_id": restore_id, "environment_id": environment_id}
        await self.fact("RestoreStarted", stream, **ids, started_at=CHECKED_AT)
        await self.fact("RestoreCompleted", stream, **ids, **completed_restore(switched_at))


def night(slot_date: str, try_number: int = 1) -> Json:
    """An expected nightly run of Europe v4, as the schedule names it."""
    due_at = f"{slot_date}T19:00:00Z"
    return {"slot_date": slot_date, "calendar_offset": "+01:00", "due_at": due_at, "try_number": try_number}


def database(**changes: object) -> Json:
    """Where a database is, in the words of the contract."""
    return {
        "host": "db.example",
        "port": 5432,
        "name": "shop",
        "user": "shop",
        "password": "secret:shop-database",
        "sslmode": "require",
    } | changes


def completed_backup(backup_id: UUID) -> Json:
    """What BackupCompleted says besides the ids."""
    return {
        "finished_at": CHECKED_AT,
        "database": {
            "bytes": 1000,
            "stored_bytes": 300,
            "tables": 3,
            "server_version": "18.6",
            "snapshot_held_seconds": 0.5,
        },
        "files": {"count": 2, "bytes": 20, "new_count": 2, "new_bytes": 20},
        "stored_bytes": 310,
        "restore_point": CHECKED_AT,
        "references": "unproven",
        "dangling_count": 0,
        "orphan_count": 0,
        "warnings": [],
        "manifest_key": f"environments/x/manifests/{backup_id}",
        "manifest_hash": "00",
    }


def completed_restore(switched_at: str) -> Json:
    """What RestoreCompleted says besides the ids."""
    return {
        "finished_at": switched_at,
        "switched_at": switched_at,
        "database": {"bytes": 1000, "tables": 3, "previous_database": "shop_before"},
        "files": None,
        "sessions_ended": [],
        "warnings": [],
    }
