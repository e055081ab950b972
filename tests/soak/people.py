"""People at work on the platform, whatever breaks under them: each asks, is answered, and looks what became of it."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Final
from uuid import UUID, uuid4

from contracts.states import BackupState, RestoreState
from services.cli.errors import NotFoundError, RefusedError
from services.gateway.resources import Backup
from tests.soak.patience import SEVEN_MINUTES, Patient
from tests.soak.senders import Senders
from tests.soak.world import World

PAUSE_SECONDS: Final = 0.05
ROWS: Final = (
    "CREATE TABLE IF NOT EXISTS shaken (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text)",
    "INSERT INTO shaken (said) SELECT md5(random()::text) FROM generate_series(1, 20)",
    "UPDATE shaken SET said = md5(said) WHERE random() < 0.1",
    "DELETE FROM shaken WHERE random() < 0.1",
)
"""What an app does meanwhile: there are about two hundred in the long run."""


@dataclass
class People:
    """What they did, by deed; what they know of backups."""

    world: World
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    backups: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.patient = Patient(self.world)
        self.senders = Senders(self.patient, self.backups)

    async def work(self, until_told: asyncio.Event) -> None:
        """One after the other, until it is enough. Raises what nobody may be told."""
        deeds: list[Callable[[], Awaitable[None]]] = [self.comment, self.pin, self.unpin, self.ask_nonsense, self.check]
        while not until_told.is_set():
            await self._do(self.dice.choice(deeds))
            await asyncio.sleep(PAUSE_SECONDS)

    async def work_hard(self, until_told: asyncio.Event) -> None:
        """The same with what takes long: one after the other, since an environment is busy with one."""
        deeds = [self.back_up] * 4 + [self.restore] * 3 + [self.cancel, self.delete, self.erase]
        deeds += [self.senders.upload, self.senders.bring_in]
        while not until_told.is_set():
            await self._do(self.dice.choice(deeds))

    async def _do(self, deed: Callable[[], Awaitable[None]]) -> None:
        try:
            await deed()
        except (RefusedError, NotFoundError) as error:
            self.refused[error.code] += 1
        self.done[deed.__name__] += 1

    async def back_up(self) -> None:
        """Production, with rows and a document that are new, and some that are gone."""
        production = self.world.places["production"]
        document = production.put(secrets.token_bytes(self.dice.randrange(20_000)), uuid4())
        await self.patient.asked(lambda: production.database.run(*ROWS))
        held = await self.patient.held()
        asked = await self._ask_for_a_backup("shaken")
        ended = await self.patient.ended(asked.backup_id)
        if ended.state is BackupState.COMPLETED:
            self.world.contents[ended.backup_id] = held
            self.backups.append(ended.backup_id)
        else:
            assert ended.failure is not None, ended
        if self.dice.random() < 0.5:
            document.unlink()

    async def cancel(self) -> None:
        """A backup that has just been asked for: it ends one way or the other, and all agree which."""
        held = await self.patient.held()
        asked = await self._ask_for_a_backup("cancelled")
        await asyncio.sleep(self.dice.uniform(0, 1.5))
        try:
            await self.patient.change(self.world.gateway.cancel_backup, asked.backup_id)
        finally:
            ended = await self.patient.ended(asked.backup_id)
            if ended.state is BackupState.COMPLETED:
                self.world.contents[ended.backup_id] = held
                self.backups.append(ended.backup_id)

    async def restore(self) -> None:
        """The newest into acceptance, and often back."""
        acceptance = self.world.environments["acceptance"]
        asked = await self.patient.change(self.world.gateway.create_restore, acceptance, self._newest())
        ended = await self.world.caller.until(
            lambda: self.world.gateway.restore(asked.restore_id),
            lambda one: one.state in {RestoreState.COMPLETED, RestoreState.FAILED},
            seconds=SEVEN_MINUTES,
        )
        if ended.state is RestoreState.COMPLETED:
            wanted = self.world.contents[asked.backup_id]
            there = await self.patient.asked(self.world.places["acceptance"].everything)
            assert there == wanted, f"a restore is not what was written: {_differences(there[0], wanted[0])}"
            if self.dice.random() < 0.5:
                await self.patient.change(self.world.gateway.undo_restore, asked.restore_id)
                await self.world.caller.until(
                    lambda: self.world.gateway.restore(asked.restore_id),
                    lambda one: one.undo_state in {"done", "failed", "gone"},
                    seconds=SEVEN_MINUTES,
                )
        else:
            assert ended.failure is not None, ended

    async def delete(self) -> None:
        """An old one."""
        gone = self._any()
        await self.patient.change(self.world.gateway.delete_backup, gone, confirm_last=True)
        self.backups.remove(gone)

    async def erase(self) -> None:
        """An old one, of which nothing may be left in the store, whatever is stored against it."""
        gone = self._any()
        await self.patient.change(self.world.gateway.delete_backup, gone, confirm_last=True, erase=True)
        self.backups.remove(gone)

    async def comment(self) -> None:
        """Say something of a backup."""
        await self.patient.change(self.world.gateway.comment_backup, self._any(), f"comment {secrets.token_hex(4)}")

    async def pin(self) -> None:
        """Keep one."""
        await self.patient.change(self.world.gateway.pin_backup, self._any(), "shaken")

    async def unpin(self) -> None:
        """Let one go."""
        await self.patient.change(self.world.gateway.unpin_backup, self._any())

    async def ask_nonsense(self) -> None:
        """A backup of what there is not."""
        await self.patient.change(self.world.gateway.create_backup, uuid4(), "nonsense")

    async def check(self) -> None:
        """Look at the shelf."""
        shelf = self.world.environments["shelf"]
        await self.patient.change(self.world.gateway.check_environment, shelf, wait_seconds=0)

    async def _ask_for_a_backup(self, comment: str) -> Backup:
        production = self.world.environments["production"]
        return await self.patient.change(self.world.gateway.create_backup, production, comment)

    def _any(self) -> UUID:
        return self.dice.choice(self.backups) if self.backups else uuid4()

    def _newest(self) -> UUID:
        return self.backups[-1] if self.backups else uuid4()


def _differences(there: str, wanted: str) -> list[str]:
    """The first lines that differ, of two databases as text; none where documents do."""
    return list(unified_diff(wanted.splitlines(), there.splitlines(), "written", "restored", n=0, lineterm=""))[:20]
