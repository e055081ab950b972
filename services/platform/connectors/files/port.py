"""What backup and restore need of the place where an environment keeps its documents (spec: environments)."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from contracts.values import Finding
from services.platform.connectors.files.small import Small

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as the listing saw it.

    `place` is its path below the root, normally `xx/yy/uuid`. `stamp` names the state of the file: device, inode, size,
    mtime and ctime, or an object's ETag, size and time. `settled` says that a later listing with the same stamp proves
    the same content: the change lies far enough back, on a file system whose clock was probed. `directory` is the state
    of the directory that holds it, and how many entries it has; empty where that would prove nothing.
    """

    document_id: UUID
    place: str
    size_bytes: int
    stamp: str
    settled: bool
    directory: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Stray:
    """Something below the root that is no document: not named by a UUID, a symlink, a device. Never read."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A directory that was not listed: it is known, and has gained and lost nothing since."""

    place: str


Entry = Listed | Stray | Unchanged
NONE_KNOWN: Final[Mapping[str, str]] = MappingProxyType({})


class Part(StrEnum):
    """The two halves of a restore's own area."""

    STAGED = "staged"
    """What shall come into the live tree."""
    ASIDE = "aside"
    """What was taken out of it."""


class Reader(Protocol):
    """One document being read."""

    @property
    def seen(self) -> Listed:
        """The state that was read; complete once `pieces` has ended."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """The document in order, at most CONTENT_BYTES at once.

        Raises DocumentChangedError when the document changed while it was read, DocumentVanishedError when it is gone:
        then nothing that came before counts.
        """
        ...


@dataclass(frozen=True, slots=True)
class Whole(Generic[T]):
    """A small document that was read, in the state in which it was read, and what was made of its bytes."""

    seen: Listed
    made: T


class DocumentStore(Protocol):
    """An environment's documents. A place that leaves the root raises HostilePlaceError; nothing is written then.

    What a restore writes goes to the restore's own area, which no listing shows, or to a document's final name, where
    nothing is ever written over. Every method that changes something may run again with the same arguments.
    """

    @property
    def kind(self) -> Literal["directory", "s3"]:
        """What the manifest says of the place."""
        ...

    async def check(self) -> tuple[Finding, ...]:
        """Look whether documents can be listed, read and written here, and how much space is left; raises nothing."""
        ...

    async def probe(self) -> bool:
        """Whether an equal stamp can prove an unchanged document here; listings before a probe say `settled=False`."""
        ...

    def list(self, known: Mapping[str, str] = NONE_KNOWN) -> AsyncGenerator[Sequence[Entry], None]:
        """Everything below the root, in batches, in bounded memory, in no order.

        `known` has directories whose documents the caller has from an earlier listing, by place, with their state then
        (`Listed.directory` without the count): one that is in it still is told as Unchanged, and what it holds is not.

        Raises DocumentsUnreachableError (permanent) when the root is not there or cannot be read.
        """
        ...

    async def look(self, place: str) -> Listed | None:
        """The document at `place` as it is now; None when there is none."""
        ...

    def read(self, place: str) -> Reader:
        """Read one document, noticing when it changes meanwhile."""
        ...

    async def read_small(self, places: Sequence[str], make: Callable[[bytes], T]) -> Sequence[Whole[T] | None]:
        """Read some small documents for less than it costs one by one, each whole and in one state.

        `make` is given the bytes of each where they are read: that may be another process, to which it goes pickled.

        None for one that was not there, is not small, or changed meanwhile: `read` says what it is.
        """
        ...

    async def free_bytes(self) -> int | None:
        """How many bytes more fit in; None where nobody knows (S3)."""
        ...

    async def add(self, place: str, pieces: AsyncIterator[bytes]) -> bool:
        """Write a document under its final name: whole or not at all. False, and nothing written, if one is there."""
        ...

    async def add_small(self, documents: Mapping[str, Small]) -> None:
        """Write some small documents, given by place, as `add` does, for less than it costs one by one.

        Each is whole or not there; after an error some may be there. Give few (see `pacing.bundles`): all are open
        at once. Raises what opening one raises.
        """
        ...

    async def stage(self, area: UUID, place: str, pieces: AsyncIterator[bytes]) -> None:
        """Write a document into the area's STAGED part, over what an earlier attempt left there."""
        ...

    async def stage_small(self, area: UUID, documents: Mapping[str, Small]) -> None:
        """Write some small documents as `stage` does; see `add_small`."""
        ...

    async def move_out(self, area: UUID, part: Part, place: str) -> bool:
        """Move a live document into a part of the area; does nothing when the area has it already or nothing is live.

        So for a differing document: `move_out(ASIDE)`, then `move_in(STAGED)`; and back: `move_out(STAGED)`, then
        `move_in(ASIDE)`. Returns whether it moved something.
        """
        ...

    async def move_in(self, area: UUID, part: Part, place: str) -> bool:
        """Move a document from a part of the area to its live place; does nothing when the area has it not (any more).

        What is live there with the same content counts as moved before: the area's copy goes. Raises
        DocumentConflictError when something else is live there. Returns whether it moved something.
        """
        ...

    def list_area(self, area: UUID, part: Part) -> AsyncIterator[Sequence[str]]:
        """The places that a part of the area holds, in batches."""
        ...

    async def write_list(self, area: UUID, pieces: AsyncIterator[bytes]) -> None:
        """Keep a list in the area, whole or not at all, durably, over one that was there."""
        ...

    def read_list(self, area: UUID) -> AsyncIterator[bytes]:
        """The list that the area keeps. Raises ListMissingError (permanent) when it keeps none."""
        ...

    async def settle(self) -> None:
        """Return once everything written and moved so far survives a power cut."""
        ...

    async def fence(self) -> None:
        """Keep who wrote here before, under a lease that has ended, from adding anything when it wakes up.

        For who is alone here now: whatever anybody has not finished writing is lost. It asks for nothing that a lease
        does (see `holding`), and closes what that leaves open: a sleep right before the call that adds a document.
        """
        ...

    async def remove_area(self, area: UUID) -> int:
        """Remove everything that a restore kept in its area; returns how many documents that were."""
        ...
