"""Gives a link that is asked for again its full time: the same bytes under the same ETag, kept by the same lease."""

from datetime import timedelta
from typing import Final

from contracts.commands.retention import AcquireLease
from services.gateway.adapters.archives import Archives, link_of, postgres_time
from services.gateway.adapters.decisions import Decisions, Intent
from services.gateway.domain.refusals import RefusalError
from services.gateway.resources import Archive, Backup
from services.platform.database import Database

LEFT_ALONE_SECONDS: Final = 600
"""A link that was opened less long ago is given as it is: who asks twice in a row makes no work."""


class Renewals:
    """Links that work for `link_seconds` from when somebody asked for them."""

    def __init__(self, database: Database, archives: Archives, decisions: Decisions, *, link_seconds: float) -> None:
        self._database = database
        self._archives = archives
        self._decisions = decisions
        self._whole = timedelta(seconds=link_seconds)

    async def renewed(self, intent: Intent, backup: Backup, archive: Archive) -> Archive:
        """The archive with all of its link's time before it, where it has a link and the backup can be kept so long.

        The lease first: a link never outlives what keeps its backup.
        """
        until = await postgres_time(self._database) + self._whole
        link = link_of(archive)
        if link is None or link.ends_at > until - timedelta(seconds=LEFT_ALONE_SECONDS):
            return archive
        holder = f"archive {archive.archive_id}"
        body = AcquireLease(lease_id=archive.archive_id, backup_id=archive.backup_id, holder=holder, until=until)
        asking = Intent(intent.caller, f"{holder} renew {until.isoformat()}")
        try:
            await self._decisions.decide(asking, body, str(backup.app_id))
        except RefusalError:
            return archive  # the backup goes, or the catalog is late: what is left of the link still works
        return await self._archives.renew(archive.archive_id, until)
