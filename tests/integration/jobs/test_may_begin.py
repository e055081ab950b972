"""A worker that was away hears first what was said meanwhile, and works then."""

from dataclasses import dataclass

from tests.support.eventually import eventually
from tests.support.jobs import Jobs, Kind


@dataclass
class Heard:
    """Whether a service has heard everything that was said while it was away."""

    everything: bool = False
    asked: int = 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.everything

    async def was_asked(self) -> bool:
        return self.asked > 2


async def test_no_job_is_begun_before_its_worker_has_heard_what_was_cancelled(jobs: Jobs) -> None:
    kind, heard = Kind(), Heard()
    cancelled, wanted = await jobs.put(), await jobs.put()
    async with jobs.working(kind, may_begin=heard):
        await eventually(heard.was_asked)
        await jobs.cancel(cancelled)
        assert kind.runs == []
        heard.everything = True
        await jobs.ended(cancelled, wanted)
    assert await jobs.said(cancelled) == ["failed CANCELLED cancelled by user:ada never"]
    assert await jobs.said(wanted) == ["completed"]
    assert [run.job_id for run in kind.runs] == [wanted]
