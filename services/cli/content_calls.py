"""The gateway's calls about what is in a backup."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final
from urllib.parse import quote
from uuid import UUID

from services.cli.calling import Calling
from services.cli.transport import Fetched
from services.gateway.resources import BackedUpFile, FilePage, TableList

ALL_PAGES: Final = 500


class ContentCalls(Calling):
    """What is in a completed backup, without a restore."""

    def files_of(self, backup_id: UUID, *, page_size: int = ALL_PAGES) -> Iterator[BackedUpFile]:
        """A backup's file documents by id, fetched as far as somebody reads."""
        return self._pages(f"/api/v1/backups/{backup_id}/files", "files", BackedUpFile, {"limit": page_size})

    def count_files(self, backup_id: UUID) -> FilePage:
        """How many file documents there are, and their size; with the first of them."""
        return FilePage.model_validate(self._transport.get(f"/api/v1/backups/{backup_id}/files", {"limit": 1}))

    def tables_of(self, backup_id: UUID, *, sizes: bool = False) -> TableList:
        """A backup's tables."""
        query = {"sizes": True} if sizes else {}
        return TableList.model_validate(self._transport.get(f"/api/v1/backups/{backup_id}/tables", query, slow=sizes))

    def fetch_file(self, backup_id: UUID, document_id: UUID) -> AbstractContextManager[Fetched]:
        """One file document's bytes."""
        return self._transport.fetch(f"/api/v1/backups/{backup_id}/files/{document_id}")

    def fetch_table(self, backup_id: UUID, table: str) -> AbstractContextManager[Fetched]:
        """A dump of one table."""
        return self._transport.fetch(f"/api/v1/backups/{backup_id}/tables/{quote(table, safe='')}")
