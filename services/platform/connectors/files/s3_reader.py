"""Reads one object in pieces, and says so when it was replaced meanwhile."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.platform.connectors.files.errors import DocumentChangedError, DocumentVanishedError
from services.platform.connectors.files.pieces import gathered
from services.platform.connectors.files.port import Listed, Whole
from services.platform.connectors.files.s3_errors import translated
from services.platform.connectors.files.s3_listing import listed
from services.platform.objectstore import ObjectInfo, ObjectNotFoundError, ObjectStore
from services.platform.objectstore.port import PIECE_BYTES


class S3Reader:
    """See Reader."""

    def __init__(self, store: ObjectStore, place: str, subject: str, *, settled: bool) -> None:
        self._store = store
        self._place = place
        self._subject = subject
        self._settled = settled
        self._info: ObjectInfo | None = None

    @property
    def seen(self) -> Listed:
        """See Reader. Raises RuntimeError when nothing was read yet."""
        return listed(self._told(), settled=self._settled)

    async def whole(self) -> Whole[bytes] | None:
        """All of it; None for one that was not there, is not small, or changed meanwhile."""
        try:
            async with aclosing(self.pieces()) as pieces:
                data, is_all = await gathered(pieces, PIECE_BYTES)
        except (DocumentVanishedError, DocumentChangedError):
            return None
        return Whole(self.seen, data) if is_all else None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """See Reader. One answer is of one state, and tells which; after a large one the server is asked again."""
        read_bytes = 0
        try:
            with translated(self._subject):
                async for piece in self._store.stream(self._place, tell=self._hear):
                    read_bytes += len(piece)
                    yield piece
                await self._refuse_changed(read_bytes)
        except ObjectNotFoundError as error:
            raise DocumentVanishedError(self._place) from error

    async def _refuse_changed(self, read_bytes: int) -> None:
        info = self._told()
        if read_bytes != info.size_bytes:
            raise DocumentChangedError(self._place)
        if read_bytes > PIECE_BYTES and await self._store.head(self._place) != info:
            raise DocumentChangedError(self._place)

    def _hear(self, info: ObjectInfo) -> None:
        self._info = info

    def _told(self) -> ObjectInfo:
        if self._info is None:
            raise RuntimeError("nothing was read yet")
        return self._info
