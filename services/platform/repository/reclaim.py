"""Condemn, wait, mark again, remove (architecture §2.12): content that no backup needs gives its room back."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from contracts.condemned import Condemnation
from contracts.defaults import CONDEMNED_HOURS
from services.platform.objectstore import ObjectInfo, ObjectNotFoundError, ObjectStore
from services.platform.process.ids import NewId
from services.platform.repository.bases import Bases
from services.platform.repository.begun import Begun
from services.platform.repository.condemned import CondemnedObjects, Publishing, told
from services.platform.repository.damaged import DamagedObjects
from services.platform.repository.errors import ContentCorruptError, RemovalTooEarlyError
from services.platform.repository.forms import Form, checked
from services.platform.repository.layout import content_prefix, digest_in, pack_place, prefix
from services.platform.repository.locations import Location, Share
from services.platform.repository.manifests import Manifests
from services.platform.repository.marking import Marking, Names, named_by
from services.platform.repository.moving import Moves
from services.platform.repository.names import name_from
from services.platform.repository.opened import Opened
from services.platform.repository.packs import Packed
from services.platform.repository.port import Condemned, EnvironmentRepository, Reclaimed
from services.platform.repository.reader import MAX_DEPTH

log = structlog.get_logger()

REMOVE_AFTER: Final = timedelta(hours=CONDEMNED_HOURS)
STORE_CLOCK: Final = timedelta(seconds=2)
"""S3 tells whole seconds, and a store's own machines differ a little."""
LITTLE: Final = 0.5
"""A pack of which less is needed is written anew: at most as many bytes as it gives back."""


class Reclaim:
    """The space of one environment, as it is now; used once. `moved` hears that the work goes on.

    `names` says what is needed when content is condemned; a pack of which less than `least` is needed is written anew.
    """

    def __init__(  # noqa: PLR0913 -- one for each thing that it stands on
        self,
        store: ObjectStore,
        opened: Opened,
        manifests: Manifests,
        repository: EnvironmentRepository,
        new_id: NewId,
        *,
        moved: Moves,
        names: Names = named_by,
        least: float = LITTLE,
    ) -> None:
        self._names = names
        self._least = least
        self._under_way: Sequence[tuple[UUID, datetime]] = ()
        self._store = store
        self._opened = opened
        self._manifests = manifests
        self._repository = repository
        self._new_id = new_id
        self._moved = moved
        self._environment_id = repository.environment_id
        self._begun = Begun(store, self._environment_id, manifests)
        self._condemned = CondemnedObjects(store, self._environment_id)
        self._damaged = DamagedObjects(store, self._environment_id)

    async def condemn(self, mark_id: UUID, now: datetime) -> Condemned:
        """See EnvironmentRepository."""
        done = await self.done(mark_id)
        if done:
            return done
        await self.look()
        return await self.publish(mark_id, now)

    async def done(self, mark_id: UUID) -> Condemned | None:
        """What a mark condemned that has come to its end."""
        done = await self._condemned.condemnation(mark_id)
        return told(done) if done else None

    async def look(self) -> None:
        """The first half of a mark: see what is under way, and what is needed."""
        self._under_way = [one async for one in self._begun.undecided()]
        await self._manifests.clear_chains()
        await self._mark(self._names)

    async def publish(self, mark_id: UUID, now: datetime) -> Condemned:
        """The second half: condemn what is not."""
        publishing = self._condemned.publish(mark_id, self._new_id)
        for share in await asyncio.to_thread(self._opened.locations.shares):
            self._moved()
            # What a backup under way stores has no manifest yet: to condemn it would only make the next one store it
            # again. Leaving it is no matter of safety: that lies in the markers that are listed at the end.
            old = all(share.modified_at < began_at - STORE_CLOCK for _, began_at in self._under_way)
            if old and not self._is_needed(share):
                await self._judge(share, publishing)
        async for info in self._first_format():
            await publishing.add(info.key.removeprefix(self._prefix), 1, info.size_bytes)
        await self._opened.packer.flush()
        await publishing.flush()
        # Only now: a backup that begins later finds all of it condemned.
        waits_for = {one async for one, _ in self._begun.undecided()}.union(one for one, _ in self._under_way)
        return told(await publishing.complete(now, tuple(sorted(waits_for))))

    async def _judge(self, share: Share, publishing: Publishing) -> None:
        """By what is needed of it now: of what lies in two packs, the first that goes leaves it to the other."""
        live = await asyncio.to_thread(self._opened.locations.live_of, share.pack_id)
        share = replace(share, live_contents=len(live), live_bytes=sum(live.values()))
        if self._is_needed(share) or not await self._moved_out(share.pack_id, live):
            return
        self._opened.locations.condemn([share.pack_id])
        dead_bytes = share.stored_bytes - share.live_bytes
        await publishing.add(pack_place(share.pack_id), share.contents - share.live_contents, dead_bytes)

    def _is_needed(self, share: Share) -> bool:
        """Too much of it to be written anew; what is sound in a damaged one is brought to safety, however much."""
        enough = share.live_bytes >= self._least * share.stored_bytes
        return share.live_contents > 0 and not share.damaged and enough

    async def _moved_out(self, pack_id: UUID, live: Iterable[bytes]) -> bool:
        """Store what is needed of a pack, and only there, in new ones as well; False where not all can be read."""
        unread: ContentCorruptError | None = None
        for digest in live:
            for location in self._opened.locations.locate(digest):
                if location.pack_id == pack_id:
                    self._moved()
                    try:
                        await self._copy(location)
                    except ContentCorruptError as error:
                        unread = error
        if unread:
            log.warning("a damaged pack stays", pack_id=str(pack_id), reason=unread.reason)
            await self._damaged.note(pack_id, {pack_id})
        return unread is None

    async def _copy(self, location: Location) -> None:
        """Raises ContentCorruptError; a delta that was wrong before it was sealed is only noticed when it is read."""
        payload, entry = await self._opened.reader.payload(location), location.entry
        if await self._is_copied(location, payload):
            return
        if entry.form != Form.DELTA:
            name_key, name = self._opened.ring.name_key, name_from(entry.digest)
            await asyncio.to_thread(checked, name_key, name, entry.form, payload)
        await self._opened.packer.add(Packed(entry.digest, entry.form, payload, entry.size_bytes))

    async def _is_copied(self, location: Location, payload: bytes) -> bool:
        """Whether a mark that was killed has stored the same delta in another pack already."""
        for other in self._opened.locations.locate(location.entry.digest):
            alike = (other.entry.form, other.entry.stored_bytes) == (location.entry.form, location.entry.stored_bytes)
            if alike and other.trusted and other.pack_id != location.pack_id:
                with suppress(ContentCorruptError, ObjectNotFoundError):
                    if await self._opened.reader.payload(other) == payload:
                        return True
        return False

    async def remove(self, mark_id: UUID, now: datetime) -> Reclaimed:
        """See EnvironmentRepository.remove_condemned."""
        done = await self._condemned.condemnation(mark_id)
        if done is None:
            return Reclaimed(0, 0, 0)
        # Listed before manifests are: the decision of one whose marker has gone by then is listed.
        begun = {one: began_at async for one, began_at in self._begun.marked()}
        await self._refuse_early(done, begun, now)
        await self._mark(named_by, begun)
        reclaimed, count = Reclaimed(0, 0, 0), 0
        async for part in self._condemned.parts(mark_id):
            for place in part.objects:
                self._moved()
                count += 1
                reclaimed = _sum(reclaimed, await self._remove(place))
        if reclaimed.objects:
            await self._opened.index.merge(self._opened.locations)
        await self._damaged.forget(self._opened.locations.damaged())
        await self._condemned.forget(mark_id)
        kept = done.waits_for or self._opened.locations.damaged()
        return replace(reclaimed, whole=reclaimed.objects == count and not kept)

    async def _refuse_early(self, done: Condemnation, begun: Mapping[UUID, datetime], now: datetime) -> None:
        """Backups that the mark waits for, and those whose markers were listed too late for it."""
        if now < done.condemned_at + REMOVE_AFTER:
            raise RemovalTooEarlyError(f"condemned content is removed from {done.condemned_at + REMOVE_AFTER} on")
        published_at = await self._condemned.published_at(done.mark_id)
        late = [one for one, began_at in begun.items() if began_at <= published_at + STORE_CLOCK]
        for backup_id in {*done.waits_for, *late}:
            if await self._begun.is_under_way(backup_id):
                raise RemovalTooEarlyError(f"the backup {backup_id} had begun before and has not ended")

    async def _remove(self, place: str) -> Reclaimed:
        """One object, unless something needs it after all."""
        if not place.startswith("packs/"):
            return await self._remove_content(place)
        pack_id = UUID(place.rpartition("/")[2])
        self._opened.locations.condemn([pack_id])  # it may have been named since all this was read
        if not await self._may_go(pack_id):
            return Reclaimed(0, 0, 0)
        contents, stored_bytes = self._opened.locations.dead_of(pack_id)
        await self._store.delete(self._prefix + place)
        self._opened.locations.drop(pack_id)
        return Reclaimed(stored_bytes, contents, 1)

    async def _may_go(self, pack_id: UUID) -> bool:
        """Whether all that is needed of a condemned pack is in others that stay, and can be read from there."""
        if pack_id in self._opened.locations.unreadable:
            return False
        for digest in self._opened.locations.needed_whole(pack_id):
            for location in self._opened.locations.locate(digest):
                if location.pack_id == pack_id and not await self._is_elsewhere(location):
                    return False
        return True

    async def _is_elsewhere(self, location: Location) -> bool:
        """Whether a content that is whole in no pack that stays is a delta there that does for this place.

        It must be no deeper: deltas against it are as deep as that allowed. Where a base of it is needed by nothing,
        no other delta is either that was made against it in this place.
        """
        bases = self._opened.locations.is_live
        depth = await Bases(self._opened, bases, anywhere=True).depth_at(location)
        name = name_from(location.entry.digest)
        return await Bases(self._opened, bases).of(name, MAX_DEPTH if depth is None else depth) is not None

    async def _remove_content(self, place: str) -> Reclaimed:
        """An object of the first format."""
        async for info in self._first_format(self._prefix + place):
            await self._store.delete(info.key)
            return Reclaimed(info.size_bytes, 1, 1)
        return Reclaimed(0, 0, 0)

    async def _mark(self, names: Names, begun: Iterable[UUID] = ()) -> None:
        """By the manifests that are listed, and by those of `begun` backups, which may not be listed yet."""
        marking = Marking(self._opened.locations, self._repository, self._moved, names)
        await marking.run(self._manifests)
        for backup_id in begun:
            manifest = await self._manifests.known(backup_id)
            if manifest:
                await marking.mark(manifest)

    async def _first_format(self, key: str | None = None) -> AsyncIterator[ObjectInfo]:
        """The contents of the first format that nothing refers to; all of them, or the one at `key`."""
        async for info in self._store.list(key or content_prefix(self._environment_id)):
            self._moved()
            digest = digest_in(info.key)
            if digest and not self._opened.locations.is_live(digest):
                yield info

    @property
    def _prefix(self) -> str:
        return prefix(self._environment_id)


def _sum(one: Reclaimed, other: Reclaimed) -> Reclaimed:
    return Reclaimed(one.bytes + other.bytes, one.contents + other.contents, one.objects + other.objects)
