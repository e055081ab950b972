"""What the log of a year has said, by what it is about, and no longer than somebody asks for it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from tests.support.script import Json, Script, Seen


@dataclass
class Seens:
    """What the log has said so far, by what it is about.

    A thousand environments say millions of events in a year: what was looked at is forgotten, the life of a backup when
    it was judged. Whatever is said of it later begins another life, which nobody has asked for.
    """

    script: Script
    checked: set[UUID] = field(default_factory=set)
    ended: dict[tuple[UUID, date], Json] = field(default_factory=dict)
    requested: dict[UUID, Json] = field(default_factory=dict)
    tries: dict[tuple[UUID, date], list[UUID]] = field(default_factory=lambda: defaultdict(list))
    there: set[UUID] = field(default_factory=set)
    lives: dict[UUID, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    def look(self) -> None:
        """Take in what is new."""
        new, self.script.seen = self.script.seen, []
        for seen in new:
            self._take_in(seen)

    def forget_answers(self) -> None:
        """Whoever asked something has its answer."""
        self.script.caused.clear()

    def names(self, backup_id: UUID) -> list[str]:
        """What was said about a backup, by name."""
        return [seen.name for seen in self.lives[backup_id]]

    def _take_in(self, seen: Seen) -> None:
        data = seen.data
        if seen.name == "EnvironmentChecked":
            self.checked.add(UUID(data["environment_id"]))
        if seen.name == "SlotEnded":
            self.ended[UUID(data["environment_id"]), date.fromisoformat(data["slot_date"])] = data
        if "backup_id" in data and seen.name not in {"SlotEnded", "CommandRejected"}:
            self.lives[UUID(data["backup_id"])].append(replace(seen, headers={}))
        if seen.name == "BackupRequested":
            self._requested(UUID(data["backup_id"]), data)
        if seen.name == "BackupExpired":
            self.there.discard(UUID(data["backup_id"]))

    def _requested(self, backup_id: UUID, data: Json) -> None:
        self.requested[backup_id] = data
        self.there.add(backup_id)
        if data["slot"]:
            self.tries[UUID(data["environment_id"]), date.fromisoformat(data["slot_date"])].append(backup_id)
