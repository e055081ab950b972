"""Which work passes which seam, in which service: every point of `tests.support.seam_names` has at least one stop."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.platform.process.seams import Seam, step_seam
from tests.soak import outside_calls, restores, rights, unasked, works
from tests.soak.erasure import erasure
from tests.soak.works import Work
from tests.support.seam_names import FoundStep, steps


@dataclass(frozen=True)
class Stop:
    """A service dies at a point while a work is done, the `nth` time that it is there."""

    service: str
    point: str
    work: Work
    nth: int = 1

    @property
    def place(self) -> str:
        """As a crash file says it."""
        return self.point if self.nth == 1 else f"{self.point}:{self.nth}"

    def __str__(self) -> str:
        return f"{self.service}, {self.place} ({self.work.__name__})"


TELLING: Final[tuple[tuple[str, Work], ...]] = (
    ("catalog", works.backup),
    ("snapshot", works.backup),
    ("restore", works.restore),
    ("retention", works.deletion),
    ("gateway", works.archive),
)
"""The services that take events and tell some."""
PLATFORM: Final[Mapping[Seam, tuple[tuple[str, Work], ...]]] = {
    Seam.DECIDE: (("catalog", works.backup), ("catalog", rights.policy)),
    Seam.TAKE: TELLING,
    Seam.PROJECT: (("catalog", works.backup), ("catalog", rights.access)),
    Seam.RING: (("catalog", restores.remove), ("catalog", rights.policy)),
    Seam.MARK: (*TELLING, ("gateway", rights.access)),
    Seam.LEASE: (
        ("snapshot", works.backup),
        ("restore", works.restore),
        ("retention", works.deletion),
        ("gateway", works.archive),
    ),
    Seam.BEAT: (("snapshot", works.backup), ("restore", works.restore)),
    Seam.REMEMBER: (("snapshot", works.backup), ("restore", works.restore)),
    Seam.TELL: (("snapshot", works.backup), ("restore", works.restore)),
    Seam.END: (("snapshot", works.backup), ("restore", works.restore), ("retention", works.deletion)),
    Seam.GIVE_BACK: (("snapshot", works.handing_back),),
    Seam.ARCHIVE: (("gateway", works.archive),),
    Seam.PARCEL: (("gateway", works.upload),),
    Seam.ACCESS: (("gateway", rights.access),),
    Seam.COMMIT: (("snapshot", works.backup), ("gateway", works.archive), ("retention", works.deletion)),
    Seam.PUBLISH_COMMANDS: (
        ("gateway", works.backup),
        ("gateway", rights.policy),
        ("snapshot", unasked.night),
        ("retention", unasked.expiry),
    ),
    Seam.PUBLISH_EVENTS: (*TELLING, ("gateway", rights.access)),
    Seam.PUBLISH_PROGRESS: (("snapshot", works.backup),),
    Seam.PUBLISH_DEAD_LETTERS: (("catalog", works.letter),),
    Seam.OFFSETS: TELLING,
    Seam.ACKNOWLEDGE: (("catalog", works.backup),),
    Seam.PUT: (("snapshot", works.backup), ("retention", erasure), ("restore", restores.exchange)),
    Seam.CREATE: (("snapshot", works.backup), ("retention", erasure), ("restore", restores.exchange)),
    Seam.REPLACE: (("retention", works.deletion), ("retention", erasure)),
    Seam.COPY: (("restore", restores.shelf),),
    Seam.DELETE: (("retention", works.reclaim), ("retention", erasure), ("restore", restores.exchange)),
    Seam.COMPLETE: (("restore", restores.shelf),),
    Seam.RENAME: (("restore", works.restore), ("restore", restores.withdrawal), ("restore", restores.undo)),
    Seam.RENAME_OVER: (("restore", works.restore),),
    Seam.REMOVE: (("restore", restores.remove), ("restore", restores.undo)),
    Seam.CLOSE: (("restore", works.restore), ("restore", restores.undo)),
    Seam.SWITCH: (("restore", works.restore),),
    Seam.SWITCH_BACK: (("restore", restores.undo),),
}
NTH: Final[Mapping[tuple[str, Work], Sequence[int]]] = {
    (Seam.ACCESS, rights.access): range(1, 7),
    (Seam.PUT, restores.exchange): (2, 3),
    (Seam.DELETE, restores.exchange): (2, 3),
}
"""Where each time is another effect; the first that a restore puts into a bucket, and takes away, is a probe."""
BY_MODULE: Final[Mapping[str, Work]] = {
    "snapshot/backup.py": works.backup,
    "snapshot/importing.py": works.importing,
    "snapshot/check.py": works.check,
    "snapshot/recovering.py": works.recovery,
    "gateway/archiving.py": works.archive,
    "gateway/delivery.py": outside_calls.delivery,
    "retention/work/deleting.py": works.deletion,
    "retention/work/forgetting.py": works.forget,
    "retention/work/shredding.py": works.shredding,
    "retention/work/checking.py": works.look_through,
    "restore/work/restoring.py": works.restore,
    "restore/work/loading.py": works.restore,
    "restore/work/document_steps.py": works.restore,
    "restore/work/switching.py": works.restore,
    "restore/work/receiving.py": works.upload,
    "restore/work/uploading.py": works.upload,
    "restore/work/asking.py": outside_calls.asking,
    "restore/work/undoing.py": restores.undo,
    "restore/work/removing.py": restores.remove,
    "restore/work/preflighting.py": works.preflight,
}
"""The steps of a module belong to one work, but for the two halves of a reclaim, and what an upload asks a platform."""
BY_SENTENCE: Final[Mapping[str, Work]] = {
    "condemn the content that nothing refers to": works.condemn,
    "note when it may be removed": works.condemn,
    "remove the condemned content": works.reclaim,
    "say what space was reclaimed": works.reclaim,
    "have the platform unpublish services and remove the package": works.upload,
}

AGAIN: Final[Mapping[str, Work]] = {
    "see for which backups shared content stays": erasure,
    "put the tombstone in the manifest's place": erasure,
    "say that the backup is deleted": erasure,
    "condemn the content that nothing refers to": erasure,
    "note when it may be removed": erasure,
    "remove the condemned content": erasure,
    "say what space was reclaimed": erasure,
}
"""Steps that do more in another work: an erasure stores dumps anew, and is over when a removal left nothing."""


def stops() -> list[Stop]:
    """All of them, each point before and after its seam."""
    return [
        Stop(service, f"{when} {seam}", work, nth)
        for service, seam, work in _passages()
        for nth in NTH.get((seam, work), (1,))
        for when in ("before", "after")
    ]


def sleeps() -> list[Stop]:
    """Where whoever makes a backup, or changes what an environment holds, may sleep: in the services that lease it."""
    works_of = {
        "snapshot": (works.backup, works.importing, works.recovery),
        "restore": (works.restore, restores.withdrawal, restores.shelf, restores.exchange, restores.undo, works.upload),
    }
    return [stop for stop in stops() if stop.work in works_of.get(stop.service, ())]


def work_of(step: FoundStep) -> Work | None:
    """The work that passes a step; None where nobody has thought of one."""
    return BY_SENTENCE.get(step.sentence or "") or BY_MODULE.get(str(step.path))


def _passages() -> Iterator[tuple[str, str, Work]]:
    for seam, passing in PLATFORM.items():
        yield from ((service, seam, work) for service, work in passing)
    for step in steps():
        if step.sentence is not None and (work := work_of(step)) is not None:
            yield step.service, step_seam(step.sentence), work
            if step.sentence in AGAIN:
                yield step.service, step_seam(step.sentence), AGAIN[step.sentence]
