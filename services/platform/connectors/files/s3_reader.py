"""Reads one object in pieces, and says so when it was replaced meanwhile."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from services.platform.connectors.files.errors import DocumentChangedError, DocumentVanishedError
from services.platform.connectors.files.pieces import gathered
from services.platform.connectors.files.port import Listed, Whole
from services.platform.connectors.files.s3_errors import translated
from services.platform.connectors.files.s3_listing import listed
from services.platform.objectstore import ObjectChangedError, ObjectNotFoundError, ObjectStore
from services.platform.objectstore.port import PIECE_BYTES


class S3Reader:
    """See Reader."""

    def __init__(self, store: ObjectStore, place: str, subject: str, *, settled: bool) -> None:
        self._store = store
        self._place = place
        self._subject = subject
        self._settled = settled
        self._seen: Listed | None = None

    @property
    def seen(self) -> Listed:
        """See Reader. Raises RuntimeError when nothing was read yet."""
        if self._seen is None:
            raise RuntimeError("nothing was read yet")
        return self._seen

    async def whole(self) -> Whole | None:
        """See DocumentStore.read_small."""
        try:
            async with aclosing(self.pieces()) as pieces:
                data, is_all = await gathered(pieces, PIECE_BYTES)
        except (DocumentVanishedError, DocumentChangedError):
            return None
        return Whole(self.seen, data) if is_all else None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """See Reader. A small object comes in one answer, whole; after a large one the server is asked again."""
        try:
            with translated(self._subject):
                info = await self._store.head(self._place)
                self._seen = listed(info, settled=self._settled)
                missing = info.size_bytes
                async for piece in self._store.stream(self._place, etag=info.etag):
                    missing -= len(piece)
                    yield piece
                if missing or (info.size_bytes > PIECE_BYTES and await self._store.head(self._place) != info):
                    raise DocumentChangedError(self._place)
        except ObjectNotFoundError as error:
            raise DocumentVanishedError(self._place) from error
        except ObjectChangedError as error:
            raise DocumentChangedError(self._place) from error
