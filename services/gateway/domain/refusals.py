"""How each refusal is told over HTTP: its status, and whether the caller may simply ask again."""

from typing import Final

from contracts.errors import RejectionCode

STATUSES: Final[dict[str, int]] = {
    RejectionCode.ALREADY_EXISTS: 409,
    RejectionCode.APP_NOT_FOUND: 404,
    RejectionCode.ENVIRONMENT_NOT_FOUND: 404,
    RejectionCode.NOT_FOUND: 404,
    RejectionCode.INVALID_PARAMETERS: 400,
    RejectionCode.UNSUPPORTED: 400,
    RejectionCode.ENVIRONMENT_BUSY: 409,
    RejectionCode.INVALID_STATE: 409,
    RejectionCode.NOT_ALLOWED: 409,
    RejectionCode.OVERDUE: 409,
    RejectionCode.MALFORMED: 400,
    RejectionCode.UNKNOWN_TYPE: 400,
    RejectionCode.NEWER_VERSION: 400,
    RejectionCode.TOO_LARGE: 413,
    RejectionCode.LITERAL_SECRET: 400,
}
"""What the catalog may answer. 409: the request was understood, the state of things forbids it."""


SCRIPTS_KNOW: Final = frozenset({"INVALID_PARAMETERS", "UNSUPPORTED", "ENVIRONMENT_BUSY", "INVALID_STATE"})
"""Refusals that the compatible API tells by their own name, with 400 (spec: backups-api-v2, "Errors")."""
SERVER_ERROR: Final = 500


def for_scripts(path: str, status: int, code: str) -> tuple[int, str]:
    """The status and code of a refusal in the compatible API's own table; what has no row there is not allowed."""
    if code in ("ENVIRONMENT_NOT_FOUND", "APP_NOT_FOUND"):
        return 404, RejectionCode.ENVIRONMENT_NOT_FOUND
    if code == RejectionCode.NOT_FOUND:
        return (400 if "/restores" in path else 404), code
    if code in SCRIPTS_KNOW:
        return 400, code
    if status in (401, 403, 429):
        return status, code
    if status >= SERVER_ERROR:
        return SERVER_ERROR, "SERVICE_UNAVAILABLE"
    malformed = code in (RejectionCode.MALFORMED, RejectionCode.TOO_LARGE, RejectionCode.LITERAL_SECRET)
    return 400, RejectionCode.INVALID_PARAMETERS if malformed else RejectionCode.NOT_ALLOWED


class RefusalError(Exception):
    """A request that has no effect; becomes `{errorCode, errorMessage, field?}` with `status`.

    RefusalError
    ├── NotFoundError            404
    ├── NotKnownYetError         503: perhaps it has an effect; repeat with the same key
    ├── TooManyAtOnceError       503: others have all places; come back in a moment
    └── any other                the status that it was made with
    """

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


class NotFoundError(RefusalError):
    """There is no such thing; or there is, and it is not for the caller to know of: that `hides` it, and is noted."""

    def __init__(self, code: RejectionCode, message: str, *, hides: bool = False) -> None:
        super().__init__(404, code, message)
        self.hides = hides


class NotKnownYetError(RefusalError):
    """The command was sent, or perhaps sent, and its outcome is not known."""

    def __init__(self) -> None:
        super().__init__(
            503,
            "NOT_KNOWN_YET",
            "not known yet: repeat the request with this Idempotency-Key, and the one answer comes",
        )


class TooManyAtOnceError(RefusalError):
    """As many as may are at `what` already."""

    def __init__(self, what: str) -> None:
        super().__init__(503, "TOO_MANY_AT_ONCE", f"too many {what} at this moment: come back as Retry-After says")


def key_reused() -> RefusalError:
    """The refusal of a request whose key asked for something else before."""
    return RefusalError(
        409, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key belongs to another request: take a new one"
    )


def rejection(code: str, reason: str, field: str | None) -> RefusalError:
    """The refusal that an outcome `rejected` stands for; a code of a newer catalog counts as a conflict."""
    return RefusalError(STATUSES.get(code, 409), code, reason, field=field)
