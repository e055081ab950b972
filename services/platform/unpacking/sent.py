"""The documents of an upload, gathered as they come: each once, in the order of their ids at the end."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from contracts.manifest import DocumentLine
from services.platform.archives.incoming import HostileArchiveError

BATCH: Final = 5000
"""Lines of one part of the list: some megabytes."""
_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE document (id BLOB PRIMARY KEY, line TEXT NOT NULL) WITHOUT ROWID;
"""


class SentDocuments:
    """See `sent_documents`. One caller at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.count = 0
        self.bytes = 0

    def add(self, line: DocumentLine) -> None:
        """One more. Raises HostileArchiveError when the archive holds it already."""
        try:
            self._connection.execute("INSERT INTO document VALUES (?, ?)", (line.id.bytes, line.model_dump_json()))
        except sqlite3.IntegrityError as error:
            raise HostileArchiveError(f"the archive holds the document {line.id} twice") from error
        self.count += 1
        self.bytes += line.size

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """The list of all, in parts."""
        with closing(self._connection.execute("SELECT line FROM document ORDER BY id")) as rows:
            while lines := await asyncio.to_thread(rows.fetchmany, BATCH):
                yield "".join(f"{line}\n" for (line,) in lines).encode()


@asynccontextmanager
async def sent_documents(scratch: Path) -> AsyncIterator[SentDocuments]:
    """An empty list below the scratch directory, gone at the end: it holds ids and sizes, no bytes of documents."""
    with (
        TemporaryDirectory(dir=scratch, prefix="upload-", ignore_cleanup_errors=True) as directory,
        closing(sqlite3.connect(Path(directory) / "documents", check_same_thread=False)) as connection,
    ):
        connection.executescript(_SCHEMA)
        yield SentDocuments(connection)
