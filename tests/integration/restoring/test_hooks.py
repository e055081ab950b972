"""A platform is asked by an environment's hook, signed, again where need be; what it refuses does not happen."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from contracts.errors import FailureCode
from contracts.events.apps import EnvironmentUpdated, HookAnswered, HookCallRequested, HookFailed
from contracts.events.archives import DataType
from contracts.events.uploads import (
    AppServicesUnpublished,
    DataUploaded,
    EnvironmentCleared,
    PackageRemoved,
    UploadFailed,
    UploadStarted,
)
from contracts.values import Hook, HookAction
from services.platform.process.clock import SystemClock
from services.platform.process.errors import PermanentError
from services.platform.process.settings import WebhookSettings
from services.platform.webhooks import Receivers, SigningSecrets, signed_headers
from services.restore.adapters.hooks import Hooks
from services.restore.handlers import HOOK, UPLOAD
from services.restore.work import asking
from services.restore.work.asking import HookJob
from services.restore.work.uploading import UploadJob
from tests.support.app_databases import AppDatabase
from tests.support.dying import SILENT, Failing, attempts_over, changed_hands, die_and_be_taken_over
from tests.support.eventually import eventually
from tests.support.receiver import Call, Receiver, open_receiver
from tests.support.restore_stage import QUICK, Place, RestoreStage, place_of
from tests.support.sent_archives import tar_gz

SECRET: Final = "whsec_" + "c2lnbmVk" * 4
SENT: Final = {f"tree/{place_of(1)}": b"sent"}


@pytest.fixture
def platform() -> Iterator[Receiver]:
    with open_receiver() as receiver:
        yield receiver


@pytest.fixture
async def place(stage: RestoreStage, destination: AppDatabase, platform: Receiver) -> Place:
    """An environment with a document and a hook."""
    hook = Hook.model_validate({"url": platform.url, "secret": stage.secret("hook", SECRET)})
    made = await stage.register(destination, hook)
    made.put({place_of(2): b"before"})
    return made


async def asked(stage: RestoreStage, place: Place, action: HookAction = HookAction.STOP) -> UUID:
    """A call that the catalog has asked for; its id."""
    call_id = uuid4()
    ids = {"call_id": call_id, "app_id": uuid4(), "environment_id": place.environment_id}
    await stage.react(HookCallRequested(**ids, action=action))
    return call_id


async def take_hook_away(stage: RestoreStage, place: Place) -> None:
    """Somebody has the platform asked no more."""
    described = {name: getattr(place.described, name) for name in EnvironmentUpdated.model_fields}
    await stage.react(EnvironmentUpdated(**described | {"hook": None}))


async def _has(calls: list[Call]) -> bool:
    return bool(calls)


def types(calls: list[Call]) -> list[str]:
    """What the platform was asked, call by call."""
    return [json.loads(call.body)["type"] for call in calls]


async def test_the_platform_is_asked_once_and_signed(stage: RestoreStage, place: Place, platform: Receiver) -> None:
    call_id = await asked(stage, place)
    await stage.run(call_id)
    (answered,) = await stage.said(call_id)
    assert isinstance(answered, HookAnswered)
    assert answered.action is HookAction.STOP
    (call,) = platform.calls
    told = json.loads(call.body)
    assert (told["type"], told["data"]["environment_id"]) == ("environment.stop", str(place.environment_id))
    timestamp = int(call.headers["webhook-timestamp"])
    signed = signed_headers(SECRET, str(call_id), timestamp, call.body)
    assert {name: call.headers[name] for name in signed} == signed


async def test_the_platform_is_told_which_service_to_take_back(
    stage: RestoreStage, place: Place, platform: Receiver
) -> None:
    call_id = uuid4()
    ids = {"call_id": call_id, "app_id": uuid4(), "environment_id": place.environment_id}
    await stage.react(HookCallRequested(**ids, action=HookAction.UNPUBLISH, app_services=("orders",)))
    await stage.run(call_id)
    (answered,) = await stage.said(call_id)
    assert isinstance(answered, HookAnswered)
    (call,) = platform.calls
    told = json.loads(call.body)
    assert (told["type"], told["data"]["app_services"]) == ("environment.unpublish", ["orders"])


async def test_a_platform_that_is_busy_is_asked_again_with_the_same_id(
    stage: RestoreStage, place: Place, platform: Receiver
) -> None:
    platform.will_answer(503, 429)
    call_id = await asked(stage, place, HookAction.START)
    await stage.run(call_id)
    (answered,) = await stage.said(call_id)
    assert isinstance(answered, HookAnswered)
    assert [call.message_id for call in platform.calls] == [str(call_id)] * 3


@pytest.mark.parametrize(("statuses", "calls"), [((409,), 1), ((302,), 1), ((503,) * 3, 3)])
async def test_what_is_refused_or_never_answered_is_told_with_the_hook_and_its_words(
    stage: RestoreStage, place: Place, platform: Receiver, statuses: tuple[int, ...], calls: int
) -> None:
    platform.will_answer(*statuses, said=b"ask \x1b[31mlater", location=platform.url)
    call_id = await asked(stage, place)
    await stage.run(call_id)
    (failed,) = await stage.said(call_id)
    assert isinstance(failed, HookFailed)
    assert platform.url in failed.reason
    assert f"asked to stop, answered {statuses[0]}: ask [31mlater" in failed.reason
    assert len(platform.calls) == calls


@pytest.mark.parametrize("silent", [False, True])
async def test_a_platform_whose_hook_is_taken_away_is_not_waited_for(
    stage: RestoreStage, place: Place, platform: Receiver, *, silent: bool
) -> None:
    never_again = QUICK.model_copy(update={"backoff_first_seconds": 3600.0, "backoff_last_seconds": 3600.0})
    platform.will_answer(503)
    if silent:
        platform.answering.clear()
    call_id = await asked(stage, place)
    async with stage.working(settings=never_again):
        await eventually(lambda: _has(platform.calls))
        await take_hook_away(stage, place)
        await stage.ended(call_id)
    (failed,) = await stage.said(call_id)
    assert isinstance(failed, HookFailed)
    assert "cancelled by user:ada" in failed.reason
    assert len(platform.calls) == 1


async def test_a_secret_that_is_not_there_is_named_and_nobody_is_called(
    stage: RestoreStage, place: Place, platform: Receiver
) -> None:
    (stage.directory / "secrets" / "hook").unlink()
    call_id = await asked(stage, place)
    await stage.run(call_id)
    (failed,) = await stage.said(call_id)
    assert isinstance(failed, HookFailed)
    assert "no secret 'hook'" in failed.reason
    assert platform.calls == []


async def test_an_upload_has_services_unpublished_and_the_package_removed_before_it_clears(
    stage: RestoreStage, place: Place, platform: Receiver
) -> None:
    platform.will_answer(503)
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY, app_services=("orders", "stock"))
    await stage.run(upload_id)
    said = [type(event) for event in await stage.said(upload_id)]
    assert said == [UploadStarted, AppServicesUnpublished, PackageRemoved, EnvironmentCleared, DataUploaded]
    assert types(platform.calls) == ["environment.unpublish"] * 2 + ["environment.remove_package"]
    assert json.loads(platform.calls[0].body)["data"]["app_services"] == ["orders", "stock"]
    assert platform.calls[0].message_id == platform.calls[1].message_id != platform.calls[2].message_id
    assert place.documents() == {place_of(1): b"sent"}


@pytest.mark.parametrize("status", [403, 503])
async def test_an_upload_that_the_platform_does_not_clear_for_changes_nothing(
    stage: RestoreStage, place: Place, platform: Receiver, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 10.0)
    platform.will_answer(*(status,) * 1000)
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY)
    await stage.run(upload_id)
    failed = (await stage.said(upload_id))[-1]
    assert isinstance(failed, UploadFailed)
    assert (failed.code, f"answered {status}" in failed.reason) == (FailureCode.HOOK_FAILED, True)
    assert failed.retryable is (status == 503)
    assert set(types(platform.calls)) == {"environment.remove_package"}
    assert place.documents() == {place_of(2): b"before"}
    assert place.app.run("SELECT id FROM before") == "1"
    assert place.databases() == [place.app.name]


@pytest.mark.parametrize("silent", [False, True])
async def test_an_upload_is_cancelled_while_its_platform_is_being_asked(
    stage: RestoreStage, place: Place, platform: Receiver, *, silent: bool
) -> None:
    platform.will_answer(*(503,) * 1000)
    if silent:
        platform.answering.clear()
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY)
    async with stage.working():
        await eventually(lambda: _has(platform.calls))
        await stage.ask_upload_cancel(upload_id, place)
        await stage.ended(upload_id, within_seconds=asking.PATIENCE_SECONDS / 3)
    failed = (await stage.said(upload_id))[-1]
    assert isinstance(failed, UploadFailed)
    assert (failed.code, "user:ada" in failed.reason) == (FailureCode.CANCELLED, True)
    assert place.documents() == {place_of(2): b"before"}
    assert place.databases() == [place.app.name]


async def test_what_the_platform_has_taken_away_is_told_although_the_upload_fails_after_it(
    stage: RestoreStage, place: Place
) -> None:
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY, app_services=("orders",))
    failing = Failing(stage.kinds()[UPLOAD], "switch the databases", PermanentError("of a test"))
    async with stage.working({UPLOAD: failing}):
        await stage.ended(upload_id)
    _, unpublished, removed, failed = await stage.said(upload_id)
    assert isinstance(unpublished, AppServicesUnpublished)
    assert unpublished.service_names == ("orders",)
    assert isinstance(removed, PackageRemoved)
    assert isinstance(failed, UploadFailed)
    assert place.documents() == {place_of(2): b"before"}


class StandingStill(Hooks):
    """Those of a machine that stands still right before a call: when it goes on, the call is what comes next."""

    def __init__(self, stage: RestoreStage) -> None:
        super().__init__(Receivers(WebhookSettings()), SigningSecrets(stage.workplace.secrets), SystemClock())
        self.stopped, self.wakes_up = asyncio.Event(), asyncio.Event()

    async def ask(self, *asked: Any, **more: Any) -> None:  # noqa: ANN401 -- as Hooks.ask
        self.stopped.set()
        while not self.wakes_up.is_set():
            with suppress(asyncio.CancelledError):
                await self.wakes_up.wait()
        await super().ask(*asked, **more)


@pytest.mark.parametrize("kind", [HOOK, UPLOAD])
async def test_whoever_wakes_up_behind_its_lease_asks_for_nothing(
    stage: RestoreStage, place: Place, platform: Receiver, kind: str
) -> None:
    upload = kind == UPLOAD
    job_id = await (stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY) if upload else asked(stage, place))
    hooks = StandingStill(stage)
    asleep = replace(stage.workplace, hooks=hooks)
    async with stage.working({kind: UploadJob(asleep) if upload else HookJob(asleep)}, SILENT):
        await hooks.stopped.wait()
        async with stage.working():
            await changed_hands(stage, job_id)
            await stage.ended(job_id)
        hooks.wakes_up.set()
        await attempts_over()
    assert len(platform.calls) == 1, "it was answered: somebody may have asked for the opposite since"


async def test_whoever_takes_an_upload_over_asks_for_the_same_again(
    stage: RestoreStage, place: Place, platform: Receiver
) -> None:
    upload_id = await stage.ask_upload(place, tar_gz(SENT), DataType.FILES_ONLY)

    def cleared() -> None:
        assert place.documents() == {place_of(1): b"sent"}

    await die_and_be_taken_over(
        stage, upload_id, UPLOAD, "have the platform unpublish services and remove the package", cleared
    )
    assert types(platform.calls) == ["environment.remove_package"] * 2
    assert len({call.message_id for call in platform.calls}) == 1
    assert [type(event) for event in await stage.said(upload_id)].count(PackageRemoved) == 1
