"""`python -m services.platform.process.hand`: one helper process of `hands`. Calls come on stdin, one after another."""

import os
import pickle
import sys
from struct import Struct
from typing import BinaryIO, Final

from services.platform.process.memory import bound_memory

LENGTH: Final = Struct(">Q")
"""Comes before each answer: how many bytes it has."""


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Make every call and give its answer, until there are no more: `(True, result)`, or `(False, what went wrong)`."""
    while calls.peek(1):  # type: ignore[attr-defined]  # -- what is read of a process is buffered
        call, arguments = pickle.load(calls)  # noqa: S301 -- who started this process wrote it
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
