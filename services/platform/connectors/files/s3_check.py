"""Looks whether documents in a bucket can be backed up, and whether something can be restored there."""

from collections.abc import AsyncIterator
from uuid import uuid4

from contracts.values import Finding, Severity
from services.platform.connectors.files.findings import NOT_WRITABLE, of_error
from services.platform.connectors.files.places import UNFINISHED, document_id
from services.platform.connectors.files.s3_errors import translated
from services.platform.objectstore import ObjectNotFoundError, ObjectStore
from services.platform.process.errors import NightkeepError

LOOKED_AT = 100
"""So many keys are listed to see that listing works; a whole listing is the backup's."""


async def look_around(store: ObjectStore, subject: str) -> tuple[Finding, ...]:
    """See DocumentStore.check."""
    try:
        with translated(subject):
            await _read_something(store)
    except NightkeepError as error:
        return (of_error(error, subject),)
    return tuple([finding async for finding in _not_writable(store, subject)])


async def _read_something(store: ObjectStore) -> None:
    looked_at = 0
    async for info in store.list(""):
        looked_at += 1
        if document_id(info.key.rpartition("/")[2]):
            async for _ in store.stream(info.key):
                return
        if looked_at >= LOOKED_AT:
            return


async def _not_writable(store: ObjectStore, subject: str) -> AsyncIterator[Finding]:
    key = _key_of_a_probe()
    try:
        with translated(subject):
            await store.put(key, b"nightkeep")
            await store.delete(key)
    except NightkeepError as error:
        yield Finding(
            code=NOT_WRITABLE,
            severity=Severity.WARNING,
            subject=subject,
            message=f"nothing can be written: it can be backed up, but nothing can be restored into it. {error.reason}",
        )


async def etags_tell_contents_apart(store: ObjectStore, subject: str) -> bool:
    """Write two contents of one size under one key: whether their ETags differ, in the listing as well."""
    key = _key_of_a_probe()
    try:
        with translated(subject):
            first = await store.put(key, b"a")
            second = await store.put(key, b"b")
            told = [info.etag async for info in store.list(key)]
            head = await store.head(key)
            await store.delete(key)
    except (NightkeepError, ObjectNotFoundError):
        return False
    return first != second and told == [second] and head.etag == second


def _key_of_a_probe() -> str:
    return "/".join((*UNFINISHED, uuid4().hex))
