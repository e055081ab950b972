"""Refuses a bucket in which a destroyed key would live on (contracts/FORMAT.md, "Keys")."""

from services.platform.objectstore import KeepsVersions, UnsafeStoreError


async def refuse_old_versions(store: KeepsVersions) -> None:
    """Raises UnsafeStoreError for a bucket that keeps what is written over, or did so once."""
    if await store.keeps_old_versions():
        raise UnsafeStoreError(
            f"the bucket {store.bucket} keeps old versions or has a lock, so a destroyed key would live on in it: name"
            " another one for the wrapped keys (NIGHTKEEP_WRAPS__BUCKET and its neighbours), and copy `keys/` there"
        )
