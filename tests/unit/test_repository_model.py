"""Whatever the order of backups, crashes, deletions and reclaims: every backup that is there can be read whole.

Each process has its own view of the store; several back up and reclaim at the same time.
"""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contracts.defaults import CONDEMNED_HOURS
from contracts.manifest import Burial, DocumentLine, Manifest
from services.platform.objectstore import Faults, FaultyObjectStore, StoreUnavailableError
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_documents
from services.platform.repository.errors import RemovalTooEarlyError
from tests.history.stored import StoredEnvironment, own_of
from tests.suites.erasing import Breaking
from tests.suites.repository import KEY, pieces, read
from tests.support.manifests import manifest, tombstone
from tests.support.memory_store import MemoryObjectStore

T = TypeVar("T")

DOCUMENTS = [random.Random(number).randbytes(300 * (number + 1)) for number in range(12)]  # noqa: S311 -- bytes of a test
DUMP = bytearray(random.Random(99).randbytes(60_000))  # noqa: S311 -- bytes of a test

NUMBERS = st.lists(st.sampled_from(range(len(DOCUMENTS))), max_size=6, unique=True)


def dump_of(night: int) -> bytes:
    """A dump that differs a little from any other; every third one so much that later ones are stored against it."""
    changed = bytearray(DUMP)
    at = night * 500 % 50_000
    changed[at : at + 20] = night.to_bytes(20, "big")
    if night % 3 == 0:
        changed[at : at + 6000] = random.Random(night).randbytes(6000)  # noqa: S311 -- bytes of a test
    return bytes(changed)


def taken_at(whole: Manifest) -> datetime:
    return whole.restore_point


@dataclass
class Backup:
    """What a backup must give back, and the process that takes it."""

    repository: EnvironmentRepository
    backup_id: UUID
    earlier: Manifest | None
    dump: bytes = b""
    documents: list[bytes] = field(default_factory=list)
    manifest: Manifest | None = None


class Lives(RuleBasedStateMachine):
    """One environment, its processes, and what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = MemoryObjectStore()
        self.environment_id = uuid4()
        self.begun: list[Backup] = []
        self.stored: list[Backup] = []
        self.there: list[Backup] = []
        self.dead: list[UUID] = []
        self.buried: list[UUID] = []
        self.marks: list[UUID] = []
        self.broken: dict[UUID, str] = {}
        self.nights = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def process(self, faults: Faults | None = None) -> EnvironmentRepository:
        """Somebody who looks at the store for the first time."""
        store = FaultyObjectStore(self.store, faults) if faults else self.store
        return RepositoryV2(store, KEY).of(self.environment_id)

    def teardown(self) -> None:
        for backup in self.there:
            self.run(self._restored(backup))
        report = self.run(self.process().check(read_percent=100, seed=0))
        assert report.damage_count == 0, report.damages
        self.loop.close()

    @rule(data=st.data(), numbers=NUMBERS)
    def back_up(self, data: st.DataObject, numbers: list[int]) -> None:
        self.begin(data)
        self._store(self.begun.pop(), numbers)
        self._finish(self.stored.pop())

    @rule(count=st.integers(2, 5), numbers=NUMBERS)
    def back_up_nights(self, count: int, numbers: list[int]) -> None:
        """Each upon the one before."""
        for _ in range(count):
            newest = max((one.manifest for one in self.there if one.manifest), key=taken_at, default=None)
            backup = Backup(self.process(), uuid4(), newest and self.run(self._as_now(newest)))
            self.run(backup.repository.begin_backup(backup.backup_id))
            self._store(backup, numbers)
            self._finish(self.stored.pop())

    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        earlier = data.draw(st.sampled_from(self.there)).manifest if self.there else None
        if earlier and data.draw(st.booleans()):  # else as it was when somebody read it long ago
            earlier = self.run(self._as_now(earlier))
        backup = Backup(self.process(), uuid4(), earlier)
        self.run(backup.repository.begin_backup(backup.backup_id))
        self.begun.append(backup)

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), numbers=NUMBERS)
    def store_everything(self, data: st.DataObject, numbers: list[int]) -> None:
        self._store(self._taken(self.begun, data), numbers)

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), at=st.integers(0, 2))
    def crash_while_storing(self, data: st.DataObject, at: int) -> None:
        """The process is gone; its backup is undecided until somebody buries it."""
        backup = self._taken(self.begun, data)
        faults = Faults()
        backup.repository = self.process(faults)
        self.run(backup.repository.begin_backup(backup.backup_id))
        faults.after = {"put": 1} if at else {}
        faults.before = {} if at else {"put": 1}
        backup.dump, backup.documents = dump_of(1000 + at), DOCUMENTS[:3]
        try:
            self.run(self._flushed(backup))
        except StoreUnavailableError:
            self.dead.append(backup.backup_id)
        else:
            raise AssertionError("the fault did not strike")

    @precondition(lambda self: self.dead)
    @rule()
    def bury(self) -> None:
        backup_id = self.dead.pop()
        assert not self.run(self.process().bury(tombstone(backup_id, self.environment_id, Burial.FAILED))).manifest
        self.buried.append(backup_id)

    @precondition(lambda self: self.stored)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        self._finish(self._taken(self.stored, data))

    @precondition(lambda self: self.there)
    @rule(data=st.data(), count=st.integers(1, 4))
    def delete(self, data: st.DataObject, count: int) -> None:
        for _ in range(min(count, len(self.there))):
            self.buried.append(self._taken(self.there, data).backup_id)
            self.run(self.process().erase_manifest(tombstone(self.buried[-1], self.environment_id, Burial.DELETED)))

    @precondition(lambda self: self.buried)
    @rule()
    def forget(self) -> None:
        """Nobody waits for whom nothing tells of any more."""
        self.run(self.process().remove_tombstone(self.buried.pop()))

    @rule()
    def condemn(self) -> None:
        mark_id = uuid4()
        self.run(self.process().condemn(mark_id, self.store.now))
        self.marks.append(mark_id)

    @rule()
    def erase(self) -> None:
        mark_id = uuid4()
        self.run(self.process().erase(mark_id, self.store.now))
        self.marks.append(mark_id)

    @rule(at=st.integers(0, 12))
    def crash_while_erasing(self, at: int) -> None:
        mark_id = uuid4()
        repository = RepositoryV2(Breaking(self.store, at), KEY).of(self.environment_id)
        with suppress(StoreUnavailableError):
            self.run(repository.erase(mark_id, self.store.now))
        self.broken[mark_id] = "erase"

    @rule(at=st.sampled_from(["put /packs/", "put /index/", "put /condemned/"]), lost=st.booleans())
    def crash_while_condemning(self, at: str, lost: bool) -> None:  # noqa: FBT001 -- hypothesis names it
        mark_id = uuid4()
        with suppress(StoreUnavailableError):
            repository = self.process(Faults(after={at: 1}) if lost else Faults(before={at: 1}))
            self.run(repository.condemn(mark_id, self.store.now))
        self.broken[mark_id] = "condemn"

    @precondition(lambda self: self.broken)
    @rule()
    def repeat_mark(self) -> None:
        """What was published before it broke stays condemned until the mark is brought to its end."""
        mark_id, half = self.broken.popitem()
        self.run(getattr(self.process(), half)(mark_id, self.store.now))
        self.marks.append(mark_id)

    @precondition(lambda self: not self.begun and not self.stored and not self.dead)
    @rule(data=st.data(), count=st.integers(0, 4))
    def delete_and_erase(self, data: st.DataObject, count: int) -> None:
        """What was condemned before goes first: then nothing is left out."""
        while self.broken:
            self.repeat_mark()
        self.remove_later(CONDEMNED_HOURS)
        if self.there:
            self.delete(data, count)
        mark_id = uuid4()
        self.run(self.process().erase(mark_id, self.store.now))
        self.store.now += timedelta(hours=CONDEMNED_HOURS)
        assert self.run(self.process().remove_condemned(mark_id, self.store.now)).whole
        self.run(self._nothing_else())

    @precondition(lambda self: self.marks)
    @rule(hours=st.sampled_from([CONDEMNED_HOURS, CONDEMNED_HOURS - 1, 100]))
    def remove_later(self, hours: float) -> None:
        """Where nothing is under way nothing is waited for."""
        self.store.now += timedelta(hours=hours)
        waits = self.begun or self.stored or self.dead or hours < CONDEMNED_HOURS
        for mark_id in tuple(self.marks):
            with suppress(RemovalTooEarlyError) if waits else nullcontext():
                self.run(self.process().remove_condemned(mark_id, self.store.now))
                self.marks.remove(mark_id)

    @precondition(lambda self: self.marks)
    @rule(data=st.data(), at=st.sampled_from(["delete /packs/", "delete /index/", "delete /condemned/", "put /index/"]))
    def crash_while_removing(self, data: st.DataObject, at: str) -> None:
        mark_id = data.draw(st.sampled_from(self.marks))
        with suppress(StoreUnavailableError, RemovalTooEarlyError):
            self.run(self.process(Faults(after={at: 1})).remove_condemned(mark_id, self.store.now))

    @precondition(lambda self: self.there)
    @rule(data=st.data(), count=st.integers(1, 4))
    def delete_and_reclaim(self, data: st.DataObject, count: int) -> None:
        self.delete(data, count)
        self.condemn()
        self.remove_later(CONDEMNED_HOURS)

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        self.run(self._restored(data.draw(st.sampled_from(self.there))))

    def _store(self, backup: Backup, numbers: list[int]) -> None:
        self.nights += 1
        backup.dump, backup.documents = dump_of(self.nights), [DOCUMENTS[number] for number in numbers]
        backup.manifest = self.run(self._stored(backup))
        self.stored.append(backup)

    def _finish(self, backup: Backup) -> None:
        assert backup.manifest is not None
        assert self.run(backup.repository.put_manifest(backup.manifest)).manifest == backup.manifest
        self.there.append(backup)
        self.store.now += timedelta(minutes=10)

    @staticmethod
    def _taken(backups: list[Backup], data: st.DataObject) -> Backup:
        return backups.pop(data.draw(st.integers(0, len(backups) - 1)))

    async def _stored(self, backup: Backup) -> Manifest:
        repository = backup.repository
        earlier = backup.earlier.database if backup.earlier else None
        dump = await repository.store_dump(pieces(backup.dump), earlier)
        lines = [await self._line(repository, data) for data in backup.documents]
        text = b"".join(line.model_dump_json().encode() + b"\n" for line in sorted(lines, key=lambda line: line.id))
        listing = await repository.store_bytes(text)
        plain = manifest(backup.backup_id, self.environment_id, repository.key_id)
        sequence = {"contents": dump.sequence.contents, "hash": dump.sequence.hash, "bytes": dump.sequence.bytes}
        lists = {"contents": listing.contents, "hash": listing.hash, "bytes": listing.bytes, "count": len(lines)}
        files = {"listing": plain.files.listing.model_copy(update=lists), "dangling": None, "count": len(lines)}
        database = plain.database.model_copy(update={**sequence, "chain": dump.chain})
        changes = {"database": database, "files": plain.files.model_copy(update=files)}
        return plain.model_copy(update={**changes, "restore_point": self.store.now})

    async def _flushed(self, backup: Backup) -> None:
        """As far as the first pack, which a fault meets."""
        whole = await self._stored(backup)
        await backup.repository.put_manifest(whole)

    @staticmethod
    async def _line(repository: EnvironmentRepository, data: bytes) -> DocumentLine:
        stored = await repository.store(pieces(data))
        return DocumentLine(
            id=uuid4(), place=str(uuid4()), size=len(data), stamp="", settled=True, referenced=None,
            contents=stored.contents, hash=stored.hash,
        )  # fmt: skip

    async def _as_now(self, whole: Manifest) -> Manifest:
        return await self.process().read_manifest(whole.backup_id)

    async def _nothing_else(self) -> None:
        """No pack holds a content that no backup has as its own."""
        objects = {info.key: await self.store.get(info.key) async for info in self.store.list("")}
        outsider, own = StoredEnvironment(objects, KEY, str(self.environment_id)), set[str]()
        for whole in [one.manifest for one in self.there if one.manifest]:
            own |= own_of(outsider.decision(str(whole.backup_id)))
            if whole.files.count:
                async for lines in read_documents(self.process(), whole.files.listing):
                    own |= {name for line in lines for name in line.contents}
        assert set().union(*outsider.packs().values()) <= own

    async def _restored(self, backup: Backup) -> None:
        repository = self.process()
        found = await repository.read_manifest(backup.backup_id)
        assert backup.manifest is not None
        assert found.model_copy(update={"database": backup.manifest.database}) == backup.manifest
        assert await read(repository, found.database.contents) == backup.dump
        documents = list[bytes]()
        if found.files.count:
            async for lines in read_documents(repository, found.files.listing):
                documents += [await read(repository, line.contents) for line in lines]
        assert sorted(documents) == sorted(backup.documents)


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
