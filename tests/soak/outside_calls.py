"""Work that calls somebody outside, who may be called twice under the same id: see `tests.soak.works`."""

import secrets
from collections.abc import AsyncGenerator

from services.gateway.resources import EnvironmentChange, NewWebhook
from services.platform.webhooks.signing import to_secret
from tests.soak.world import World


async def delivery(world: World) -> AsyncGenerator[None, None]:
    """A call of somebody who wants to hear of alerts; he may hear it twice under the same id."""
    hook = await world.caller.change(world.gateway.create_webhook, NewWebhook(url=world.receiver.url))
    before = len(world.receiver.calls)
    yield
    sent = await world.caller.change(world.gateway.test_webhook, hook.webhook_id)
    await world.caller.until(
        lambda: next(world.gateway.deliveries(hook.webhook_id)), lambda one: one.state == "delivered"
    )
    assert {call.message_id for call in world.receiver.calls[before:]} == {str(sent.message_id)}
    await world.caller.change(world.gateway.remove_webhook, hook.webhook_id)


async def asking(world: World) -> AsyncGenerator[None, None]:
    """A platform is asked to stop an app; it may be asked twice under the same id, and is heard once."""
    shelf, calls = world.environments["shelf"], len(world.receiver.calls)
    secret = world.platform.put_secret(f"hook-{secrets.token_hex(4)}", to_secret(secrets.token_bytes(32)))
    change = EnvironmentChange.model_validate({"hook": {"url": world.receiver.url, "secret": secret}})
    await world.caller.change(world.gateway.update_environment, shelf, change)
    answers = world.count("HookAnswered", shelf)
    yield
    await world.caller.change(world.gateway.stop, shelf)
    await world.told_once("HookAnswered", shelf, after=answers)
    assert len({call.message_id for call in world.receiver.calls[calls:]}) == 1
    await world.caller.change(world.gateway.update_environment, shelf, EnvironmentChange(without_hook=True))
