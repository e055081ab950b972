"""A dump that somebody sent, read to its end before anything is made of it: that it is whole, and how large it gets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from services.platform.archives.incoming import DamagedArchiveError, Guard
from services.platform.connectors.database.errors import LoadError
from services.platform.connectors.database.loading.load import Told
from services.platform.connectors.database.target import RestoreTarget


@contextmanager
def refusing_damage() -> Iterator[None]:
    """What cannot be read of a dump that was sent is damaged. Raises DamagedArchiveError."""
    try:
        yield
    except LoadError as error:
        raise DamagedArchiveError(error.reason) from error


async def read_sent(target: RestoreTarget, dump: AsyncIterator[bytes], guard: Guard, told: Told) -> int:
    """Read a dump to its end; how many bytes it has when nothing in it is compressed.

    Raises DamagedArchiveError for a part of one, HostileArchiveError for a bomb.
    """
    with refusing_damage():
        return await target.read_whole(dump, told, guard.unpacked)
