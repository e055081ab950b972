"""A short history of one app, as the services would have put it on the log."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from contracts.codec import RawRecord
from contracts.envelope import Event, Kind
from contracts.registry import BODIES
from tests.support.events import event

GOLDEN: Final = Path(__file__).parents[1] / "contracts" / "golden" / "messages"


class History:
    """Ids of one app with one environment, one backup and one restore, and the events about them."""

    def __init__(self) -> None:
        self.app_id, self.environment_id, self.backup_id, self.restore_id, self.check_id = (uuid4() for _ in range(5))
        self._sequences: dict[str, int] = {}

    def body(self, name: str, /, **changes: object) -> Event:
        """The golden event `name` with this history's ids and with `changes`."""
        data: dict[str, Any] = json.loads((GOLDEN / f"{name}.v1.json").read_text(encoding="utf-8"))["data"]
        ids: Mapping[str, UUID] = {
            "app_id": self.app_id,
            "environment_id": self.environment_id,
            "source_environment_id": self.environment_id,
            "backup_id": self.backup_id,
            "restore_id": self.restore_id,
            "check_id": self.check_id,
        }
        known = {field: str(value) for field, value in ids.items() if field in data}
        found = BODIES[Kind.EVENT, name].model_validate_json(json.dumps(data | known | changes, default=str))
        assert isinstance(found, Event)
        return found

    def record(self, stream: str, name: str, /, **changes: object) -> RawRecord:
        """The next event of `stream`."""
        self._sequences[stream] = self._sequences.get(stream, 0) + 1
        return event(self.body(name, **changes), stream, self._sequences[stream], key=str(self.app_id))

    def skip(self, stream: str) -> None:
        """Leave a place of `stream` empty."""
        self._sequences[stream] = self._sequences.get(stream, 0) + 1

    def registered(self) -> Iterator[RawRecord]:
        """An app with a checked, running environment."""
        environment = f"catalog/environment/{self.environment_id}"
        yield self.record(f"catalog/app/{self.app_id}", "AppRegistered")
        yield self.record(environment, "EnvironmentRegistered")
        yield self.record(f"snapshot/environment/{self.environment_id}", "EnvironmentChecked")
        yield self.record(environment, "PackageDeployed")
        yield self.record(environment, "EnvironmentStarted")

    def backed_up(self) -> Iterator[RawRecord]:
        """A backup that completed and was commented."""
        yield self.record(f"catalog/backup/{self.backup_id}", "BackupRequested")
        yield self.record(f"snapshot/backup/{self.backup_id}", "BackupStarted")
        yield self.record(f"snapshot/backup/{self.backup_id}", "BackupCompleted")
        yield self.record(f"catalog/backup/{self.backup_id}", "BackupCommented", comment="after the fact")

    def restored(self) -> Iterator[RawRecord]:
        """A restore that completed."""
        yield self.record(f"catalog/restore/{self.restore_id}", "RestoreRequested", model_version="6.0")
        yield self.record(f"restore/restore/{self.restore_id}", "RestoreStarted")
        yield self.record(f"restore/restore/{self.restore_id}", "RestoreCompleted")

    def let_go(self) -> Iterator[RawRecord]:
        """A completed backup of a night that expired, held by a lease for a while, and was removed."""
        backup, slot = f"catalog/backup/{self.backup_id}", f"snapshot/slot/{self.environment_id}.2026-03-08"
        yield self.record(slot, "SlotPlanned", slot_date="2026-03-08")
        yield self.record(slot, "SlotEnded", slot_date="2026-03-08")
        for name in ("LeaseAcquired", "ExpiryHeld", "LeaseReleased", "ExpiryReleased", "BackupExpired"):
            yield self.record(backup, name)
        yield self.record(f"retention/backup/{self.backup_id}", "BackupDeleted")
        yield self.record(f"retention/environment/{self.environment_id}", "SpaceReclaimed")
