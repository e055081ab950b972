"""Restores that end another way: withdrawn, undone, removed, or into a bucket; see `tests.soak.works`."""

import secrets
from collections.abc import AsyncGenerator
from uuid import uuid4

from contracts.states import RestoreState
from services.platform.connectors.files.places import UNFINISHED
from tests.soak.works import WITHIN_SECONDS, completed, disturb, ended, restored_to
from tests.soak.world import LARGE_BYTES, World, place_of
from tests.support.eventually import eventually


async def withdrawal(world: World) -> AsyncGenerator[None, None]:
    """A restore into acceptance that is cancelled while it adds documents: nothing of it stays."""
    place = world.places["acceptance"]
    for _ in range(3):
        world.places["production"].put(secrets.token_bytes(100), uuid4())
    made = await world.backed_up()
    disturb(world)
    held, unfinished = place.everything(), place.documents.joinpath(*UNFINISHED)
    left = set(unfinished.glob("*"))  # of who died here before
    yield
    acceptance = world.environments["acceptance"]
    asked = await world.caller.change(world.gateway.create_restore, acceptance, made.backup_id)

    async def adds() -> bool:
        return bool(set(unfinished.glob("*")) - left) or place.contents() != held[1]

    await eventually(adds, within_seconds=WITHIN_SECONDS)
    await world.caller.change(world.gateway.cancel_restore, asked.restore_id)
    assert (await ended(world, asked.restore_id)).state is RestoreState.FAILED
    assert place.everything() == held
    await world.told_once("RestoreFailed", asked.restore_id)


async def undo(world: World) -> AsyncGenerator[None, None]:
    """A restore into acceptance, and back."""
    made = await world.a_backup()
    disturb(world)
    held = world.places["acceptance"].everything()
    restored = await restored_to(world, made.backup_id)
    yield
    await world.caller.change(world.gateway.undo_restore, restored.restore_id)
    undone = await world.caller.until(
        lambda: world.gateway.restore(restored.restore_id), lambda one: one.state is RestoreState.UNDONE
    )
    assert undone.state is RestoreState.UNDONE
    assert world.places["acceptance"].everything() == held


async def remove(world: World) -> AsyncGenerator[None, None]:
    """The end of a restore's grace: what it replaced goes."""
    made = await world.a_backup()
    restored = await restored_to(world, made.backup_id)
    yield
    world.clock.on(hours=25)
    await world.told_once("PreviousStateRemoved", restored.restore_id)


async def shelf(world: World) -> AsyncGenerator[None, None]:
    """A restore into a bucket: a large document to bring back, another to set aside."""
    large = place_of(uuid4())
    await world.shelf_store.put(large, secrets.token_bytes(LARGE_BYTES))
    made = await world.backed_up("shelf")
    await world.shelf_store.delete(large)
    extra = place_of(uuid4())
    await world.shelf_store.put(extra, b"not in the backup")
    yield
    asked = await world.caller.change(world.gateway.create_restore, world.environments["shelf"], made.backup_id)
    await completed(world, asked.restore_id)
    held = await world.shelf_objects()
    assert large in held
    assert extra not in held


async def exchange(world: World) -> AsyncGenerator[None, None]:
    """A restore into a bucket: one document differs from the backup's, another is not there any more."""
    place, gone = place_of(uuid4()), place_of(uuid4())
    for one in (place, gone):
        await world.shelf_store.put(one, b"of the backup")
    made = await world.backed_up("shelf")
    await world.shelf_store.put(place, b"of later")
    await world.shelf_store.delete(gone)
    yield
    asked = await world.caller.change(world.gateway.create_restore, world.environments["shelf"], made.backup_id)
    await completed(world, asked.restore_id)
    assert [await world.shelf_store.get(one) for one in (place, gone)] == [b"of the backup"] * 2
