"""`python -m services.platform.process.hand`: one helper process of `hands`. Calls come on stdin, one after another."""

import os
import pickle
import sys
from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO, Final

from services.platform.process.holding import work_as
from services.platform.process.memory import bound_memory

LENGTH: Final = Struct(">Q")
"""Comes before each answer: how many bytes it has."""


@dataclass(frozen=True)
class _Caller:
    """Its lease, as it was when it called: what is refused here for that is done by the caller, who knows better."""

    held_until: float

    def lost(self) -> Exception:
        """See Holder."""
        return TimeoutError("the caller's lease may have ended")


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Make every call and give its answer, until there are no more: `(True, result)`, or `(False, what went wrong)`."""
    while calls.peek(1):  # type: ignore[attr-defined]  # -- what is read of a process is buffered
        held_until, call, arguments = pickle.load(calls)  # noqa: S301 -- who started this process wrote it
        work_as(_Caller(held_until))
        try:
            answer = (True, call(*arguments))
        except Exception as error:  # noqa: BLE001 -- who asked does it again, and meets the error itself
            answer = (False, f"{type(error).__name__}: {error}")
        told = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        answers.write(LENGTH.pack(len(told)))
        answers.write(told)
        answers.flush()


def main() -> None:
    """Nothing but answers may go to the pipe of the answers, whoever prints."""
    bound_memory()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
