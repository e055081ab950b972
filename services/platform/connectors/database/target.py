"""The front door of restoring: a new database beside the live one, loaded, switched to, switched back, removed."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from uuid import UUID

from contracts.values import Finding
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.children import ChildGroups
from services.platform.connectors.database.connection import Connection, connected
from services.platform.connectors.database.libpq import NEEDS_TLS
from services.platform.connectors.database.loading import afterwards
from services.platform.connectors.database.loading.archive import Archive, OpenDump, read_archive
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.database.loading.foreign import extensions_alone, schemas_alone
from services.platform.connectors.database.loading.load import APPLICATION as LOADING
from services.platform.connectors.database.loading.load import Told, load
from services.platform.connectors.database.loading.outside import Outside, outside, put_back
from services.platform.connectors.database.loading.statistics import gather_statistics
from services.platform.connectors.database.loading.whole import CameOut, read_whole
from services.platform.connectors.database.preflight import Preflight
from services.platform.connectors.database.space import FreeSpace, local_free_bytes
from services.platform.connectors.database.switching import names
from services.platform.connectors.database.switching.server import DatabaseServer
from services.platform.connectors.database.switching.switch import (
    has_switched,
    has_switched_back,
    switch,
    switch_back,
)
from services.platform.connectors.database.tools import PostgresTools
from services.platform.connectors.database.watching import Moved, watched
from services.platform.connectors.look import Look

IN_ROLES: Final = (Kind.POLICY, Kind.USER_MAPPING, Kind.GRANT)


class RestoreTarget:
    """One attempt (`epoch`) at bringing a dump into an environment's database by the restore `restore_id`.

    Every method may run again. Before `switch` the live database is only closed; after it, only `switch_back` and
    `remove` touch what was there before (spec: environments, steps 2, 3, 5 and 7).
    """

    def __init__(  # noqa: PLR0913 -- which database, which restore, with what
        self,
        access: DatabaseAccess,
        tools: PostgresTools,
        restore_id: UUID,
        epoch: int,
        *,
        scratch: Path,
        children: ChildGroups | None = None,
        free_space: FreeSpace = local_free_bytes,
    ) -> None:
        self.access = access
        self.restore_id = restore_id
        self.epoch = epoch
        self.name = names.beside(restore_id, epoch)
        self.left = afterwards.Left()
        self._server = DatabaseServer(access)
        self._tools = tools
        self._scratch = scratch
        self._children = children
        self._preflight = Preflight(access, tools, free_space)

    # -- looking

    async def read_archive(self, open_dump: OpenDump, *, foreign: bool = False) -> Archive:
        """What the dump says of itself, read with this server's tools.

        Raises OlderServerError, LoadError, ToolsMissingError, and UnsupportedContentError for a `foreign` dump that
        pg_dump has not written.
        """
        return await read_archive(await self._pg_restore(), open_dump, self._scratch, foreign=foreign)

    async def read_whole(self, dump: AsyncIterator[bytes], told: Told, came_out: CameOut) -> int:
        """Read a dump to its end, and load nothing; how many bytes it has when nothing in it is compressed.

        Raises LoadError, ToolsMissingError, and what `came_out` raises.
        """
        return await read_whole(await self._pg_restore(), dump, told=told, came_out=came_out, groups=self._children)

    async def look(self, archive: Archive | None, dump_bytes: int, *, foreign: bool = False) -> Look:
        """What stands in the way of a restore or should be known, and what says so; changes nothing."""
        return await self._preflight.look(archive, dump_bytes, foreign=foreign)

    async def refusals(self, archive: Archive) -> tuple[Finding, ...]:
        """What of a dump that somebody sent a restore into this database would refuse. Raises OlderServerError."""
        return await self._preflight.refusals(archive)

    async def has_switched(self) -> bool:
        """Whether the live database is the one that this restore brought."""
        return await has_switched(self._server, self.restore_id)

    async def has_switched_back(self) -> bool:
        """Whether this restore was undone."""
        return await has_switched_back(self._server, self.restore_id)

    # -- loading

    async def drop_attempts(self) -> None:
        """Remove the databases of every attempt so far, so that a worker of one of them fails whole.

        Those of later attempts stay: this one has slept.
        """
        for name in await self._server.names_like(names.pattern(self.restore_id)):
            if names.epoch_in(name) <= self.epoch:
                await self._server.drop(name)

    async def create(self) -> None:
        """Make this attempt's empty database."""
        await self._server.create_like(self.access.database, self.name)

    async def create_extensions(self, archive: Archive, *, foreign: bool = False) -> None:
        """Make the dump's schemas, and in them the extensions that may be.

        Of a `foreign` dump no text is run here. Raises UnsupportedContentError for one that pg_dump has not written.
        """
        schemas, extensions = archive.apart[Kind.SCHEMA], archive.apart[Kind.EXTENSION]
        if foreign:
            schemas, extensions = schemas_alone(schemas), extensions_alone(extensions)
        await afterwards.run_all(self.access, self.name, schemas)
        await afterwards.create_extensions(self.access, self.name, extensions, self.left)

    async def load(self, archive: Archive, dump: AsyncIterator[bytes], *, told: Told, moved: Moved) -> int:
        """Load the dump; how many bytes it had. Raises LoadError, SpaceError and MissingRightsError."""
        pg_restore = await self._pg_restore()
        async with watched(self.access, self.name, LOADING, moved):
            return await load(
                self.access, pg_restore, self.name, archive.contents, dump, told=told, groups=self._children
            )

    async def outside(self) -> Outside:
        """What the live database and its role's settings are, before anything of a sent dump runs."""
        return await outside(self._server)

    def own_session(self) -> AbstractAsyncContextManager[Connection]:
        """A session of the environment's role: it may put its own password and settings back."""
        return connected(self.access, self.access.role, self.access.database)

    async def put_back_outside(
        self, before: Outside, own: Connection | None, access: DatabaseAccess
    ) -> tuple[str, ...]:
        """Put back what has changed of it since, by `access`; what that was, in words. Raises as put_back does."""
        return await put_back(DatabaseServer(access), before, own)

    async def apply_in_roles(self, archive: Archive) -> None:
        """Apply policies, user mappings and grants where their roles exist."""
        roles = await afterwards.known_roles(self.access, archive.contents.owner)
        for kind in IN_ROLES:
            await afterwards.apply_in_roles(
                self.access, self.name, kind, archive.apart[kind], roles=roles, left=self.left
            )

    async def create_by_either(self, kind: Kind, archive: Archive) -> None:
        """Create the dump's publications or event triggers, and note subscriptions, which are never created."""
        await afterwards.create_by_either(self.access, self.name, kind, archive.apart[kind], self.left)

    async def create_by_role(self, kind: Kind, archive: Archive) -> None:
        """Create them as the environment role alone, and note what it may not."""
        await afterwards.create_by_role(self.access, self.name, kind, archive.apart[kind], self.left)

    def note_never_restored(self, archive: Archive) -> None:
        """Name what no restore brings back."""
        for entry in archive.contents.of(Kind.SUBSCRIPTION, Kind.SECURITY_LABEL):
            self.left.note(entry.kind, entry.what)

    async def analyze(self, moved: Moved) -> None:
        """Gather statistics, which a dump does not bring."""
        await gather_statistics(self.access, self.name, moved)

    # -- switching

    async def close(self) -> tuple[str, ...]:
        """Refuse connections to the live database and to the new one, and end their sessions; who was in the live.

        Raises SwitchError when another attempt has removed the new one.
        """
        await self._server.refuse_connections(self.name, self.access.database)
        await self._server.end_sessions(self.name)
        return await self._server.end_sessions(self.access.database)

    async def switch(self) -> tuple[str, ...]:
        """Put the new database in the live one's place; what could not be copied, in words."""
        return await switch(self._server, self.restore_id, self.epoch)

    async def allow_connections(self) -> None:
        """Open the live database."""
        await self._server.allow_connections(self.access.database)

    async def close_for_undo(self) -> tuple[str, ...]:
        """Refuse connections to the live database and end its sessions; who they were.

        Raises SwitchError when what was there before is gone, be it that it is back in its place.
        """
        await self._server.refuse_connections(self.previous_name, self.access.database)
        return await self._server.end_sessions(self.access.database)

    async def can_switch_back(self) -> bool:
        """Whether what was there before is still there."""
        return await self._server.describe(self.previous_name) is not None

    async def switch_back(self) -> None:
        """Put back what was there before."""
        await switch_back(self._server, self.restore_id)

    async def remove_undone(self) -> None:
        """Remove the database that an undo took away, and what a worker made that woke up late."""
        await self._server.drop(names.undone(self.restore_id))
        await self._drop_all_attempts()

    async def remove_previous(self) -> bool:
        """Remove what was there before, and what a worker made that woke up late; whether anything was before."""
        there = await self.can_switch_back()
        await self._server.drop(self.previous_name)
        await self._drop_all_attempts()
        return there

    async def _drop_all_attempts(self) -> None:
        for name in await self._server.names_like(names.pattern(self.restore_id)):
            await self._server.drop(name)

    @property
    def previous_name(self) -> str:
        """What the database from before the switch is called."""
        return names.previous(self.restore_id)

    async def _pg_restore(self) -> Path:
        async with connected(self.access, self.access.role, self.access.database) as connection:
            major = connection.get_server_version().major
        return await self._tools.directory(major, tls=self.access.sslmode in NEEDS_TLS) / "pg_restore"
