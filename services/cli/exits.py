"""Exit codes that scripts may rely on, and how each error becomes one."""

from enum import IntEnum
from typing import Final

from services.cli.errors import (
    GatewayError,
    NotFoundError,
    NotKnownYetError,
    RefusedError,
    UnauthorizedError,
    UnreachableError,
)


class Exit(IntEnum):
    """What a command ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    NOT_KNOWN = 5
    UNAUTHORIZED = 6
    DEFECT = 7


EXPLAINED: Final = (
    "Exit codes: 0 done, 1 the job or check ended failed, 2 wrong usage, 3 refused and nothing changed,"
    " 4 no such thing, 5 no gateway there or the outcome is not known yet, 6 no such key or it may not, 7 a defect."
)


def exit_code(error: GatewayError) -> Exit:
    """The code that `error` ends a command with."""
    codes: dict[type[GatewayError], Exit] = {
        RefusedError: Exit.REFUSED,
        NotFoundError: Exit.NOT_FOUND,
        NotKnownYetError: Exit.NOT_KNOWN,
        UnreachableError: Exit.NOT_KNOWN,
        UnauthorizedError: Exit.UNAUTHORIZED,
    }
    return codes.get(type(error), Exit.DEFECT)
