"""The job `webhook`: one message to one receiver, signed, tried again until it is taken or the tries are over."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.gateway.adapters.deliveries import TEST
from services.gateway.resources import Try
from services.platform.database import Connection, Record, load_queries
from services.platform.jobs import JobRun, Step
from services.platform.process.clock import Clock
from services.platform.process.errors import NightkeepError, PermanentError, TransientError
from services.platform.webhooks import Answer, Receivers, SigningSecrets, signed_headers

_sql = load_queries("services.gateway")


class WebhookRemovedError(PermanentError):
    """Nobody is called at this webhook any more."""

    def __init__(self) -> None:
        super().__init__("the webhook was removed before it took this message")


class DeliveryJob:
    """See JobKind. A receiver may get a message twice, when we die before its answer is noted: by the same id.

    `clock` is the real one: receivers refuse timestamps that are minutes off.
    """

    def __init__(self, receivers: Receivers, secrets: SigningSecrets, clock: Clock) -> None:
        self._receivers = receivers
        self._secrets = secrets
        self._clock = clock

    def steps(self, run: JobRun) -> Sequence[Step]:
        """The steps of one attempt."""
        return (Step("call the receiver", partial(self._deliver, run)),)

    async def failed(self, c: Connection, run: JobRun, error: PermanentError) -> None:
        """Say why nobody took it."""
        await _sql.end_delivery(c, delivery_id=run.job_id, state="failed", reason=error.reason)

    async def _deliver(self, run: JobRun) -> None:
        async with run.transaction() as c:
            webhook = await _sql.find_webhook(c, webhook_id=UUID(run.payload["webhook_id"]))
        if webhook is None:
            raise WebhookRemovedError
        at = self._clock.now()
        answer = await self._call(run, webhook, int(at.timestamp()))
        tried = Try(number=run.attempt, at=at, seconds=round(answer.seconds, 3), status=answer.status, said=answer.said)
        if answer.accepted:
            async with run.finish() as c:
                await _note(c, run, tried)
                await _sql.end_delivery(c, delivery_id=run.job_id, state="delivered", reason=None)
            return
        async with run.transaction() as c:
            await _note(c, run, tried)
        raise _trouble(run, answer)

    async def _call(self, run: JobRun, webhook: Record, timestamp_seconds: int) -> Answer:
        secret, body = self._secrets.of(webhook["secret"]), run.payload["body"].encode()
        signed = signed_headers(secret, run.payload["message_id"], timestamp_seconds, body)
        return await self._receivers.call(webhook["url"], body, signed)


async def _note(c: Connection, run: JobRun, tried: Try) -> None:
    await _sql.note_try(c, delivery_id=run.job_id, tried=tried.model_dump(mode="json"))


def _trouble(run: JobRun, answer: Answer) -> NightkeepError:
    """A test is tried once, since somebody waits for it; a receiver that is gone is not called again."""
    what = f"the receiver answered {answer.status}" if answer.status else "no answer"
    reason = f"{what}{answer.quoted}"
    final = answer.gone or run.payload["type"] == TEST
    return PermanentError(reason) if final else TransientError(reason)
