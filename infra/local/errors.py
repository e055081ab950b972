"""What can go wrong with the stack on one machine; each message says what to do."""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError


class StackError(PermanentError):
    """The stack cannot do what was asked; the message says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.INTERNAL)
