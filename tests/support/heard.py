"""What a receiver of webhooks heard, and what the gateway says that it sent."""

import base64
import hashlib
import hmac

from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.receiver import Call, Receiver


async def calls_about(receiver: Receiver, environment: Json, count: int) -> list[Call]:
    """The calls about one environment; other tests' facts reach this receiver too."""

    def about() -> list[Call]:
        return [one for one in receiver.calls if environment["environment_id"].encode() in one.body]

    async def look() -> list[Call] | None:
        return about() if len(about()) >= count else None

    found = await eventually(look)
    assert found is not None
    return found


async def delivery_of(api: Api, webhook: Json, message_id: str, state: str) -> Json:
    """What became of one message, once it is in this state."""

    async def look() -> Json | None:
        answer = await api.client.get(f"/api/v1/webhooks/{webhook['webhook_id']}/deliveries")
        found = [one for one in answer.json()["deliveries"] if one["message_id"] == message_id]
        return found[0] if found and found[0]["state"] == state else None

    found = await eventually(look)
    assert found is not None
    return found


def signature_of(secret: str, call: Call) -> str:
    """As the conventions say, computed by other lines than ours."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = b".".join([call.message_id.encode(), call.headers["webhook-timestamp"].encode(), call.body])
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
