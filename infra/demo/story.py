"""What the demo does, step by step, and how long each step took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console

from contracts.states import BackupState, RestoreState
from infra.demo.evidence import Difference, Evidence, compare
from infra.demo.references import References, look_at_references, misreported
from infra.demo.tampering import Tampering, tamper
from infra.demo.witnesses import look, without_strays
from infra.sample import RegisteredSample, Sample
from infra.sample.alterations import AlteredDocuments, alter
from services.cli.client import Gateway
from services.cli.show.progress import live_progress
from services.gateway.resources import Backup, Restore

COMMENT = "before the alterations"


class StoryError(Exception):
    """The backup or the restore did not come to its end; the text says which and why."""


@dataclass
class Stopwatch:
    """How long each step took, in seconds, in order."""

    console: Console
    laps: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, sentence: str) -> Iterator[None]:
        """Say what begins, and measure it."""
        self.console.print(f"[bold]{sentence}[/]…", highlight=False)
        began = time.monotonic()
        yield
        self.laps.append((sentence, time.monotonic() - began))


@dataclass(frozen=True)
class Outcome:
    """Everything that the demo found out."""

    expected: Evidence
    found: Evidence
    references: References
    backup: Backup
    altered: AlteredDocuments
    restore: Restore

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What was backed up and is not there now, or the other way round."""
        return compare(self.expected, self.found)

    def faults(self) -> list[str]:
        """A sentence for everything that is not as it should be; none when all is well."""
        return [*map(str, self.differences), *misreported(self.references, self.backup.warnings)]


@dataclass(frozen=True)
class Story:
    """Back production up, alter it, restore the backup into acceptance, compare."""

    gateway: Gateway
    sample: Sample
    ids: RegisteredSample
    watch: Stopwatch
    tampering: Tampering | None = None

    def run(self) -> Outcome:
        """All of it. Raises StoryError, SampleError and the gateway's errors."""
        with self.watch.step("Take checksums of production with psql and sha256sum"):
            expected = without_strays(look(self.sample.production))
            references = look_at_references(self.sample.production, expected)
        with self.watch.step("Back production up"):
            backup = self._backup()
        with self.watch.step("Alter production's rows and documents"):
            altered = alter(self.sample.production)
        with self.watch.step("Restore the backup into acceptance"):
            restore = self._restore(backup)
        if self.tampering:
            tamper(self.sample.acceptance, self.tampering)
        with self.watch.step("Take checksums of acceptance the same way"):
            found = look(self.sample.acceptance)
        return Outcome(expected, found, references, backup, altered, restore)

    def _backup(self) -> Backup:
        asked = self.gateway.create_backup(self.ids.production, COMMENT)
        with live_progress(self.watch.console, "the backup") as on_progress:
            ended = self.gateway.wait_for_backup(asked.backup_id, on_progress)
        if ended.state is not BackupState.COMPLETED:
            raise StoryError(
                f"the backup {ended.state}: {ended.failure.reason if ended.failure else 'no reason given'}"
            )
        return ended

    def _restore(self, backup: Backup) -> Restore:
        """Into an environment whose app is stopped: it is refused otherwise."""
        self.gateway.stop(self.ids.acceptance)
        asked = self.gateway.create_restore(self.ids.acceptance, backup.backup_id)
        with live_progress(self.watch.console, "the restore") as on_progress:
            ended = self.gateway.wait_for_restore(asked.restore_id, on_progress)
        if ended.state is not RestoreState.COMPLETED:
            raise StoryError(
                f"the restore {ended.state}: {ended.failure.reason if ended.failure else 'no reason given'}"
            )
        return ended
