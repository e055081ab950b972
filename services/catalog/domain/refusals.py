"""A command's refusal: raised by decisions, told as CommandRejected."""

from contracts.errors import RejectionCode


class RefusedError(Exception):
    """The command has no effect. `reason` says what was wrong and what to do; `field` names the culprit."""

    def __init__(self, code: RejectionCode, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.field = field


def refuse_foreign_key(key: str, app_id: object) -> None:
    """Refuse a command whose message key is not its app: the order of what happens to an app would be lost."""
    if key != str(app_id):
        raise RefusedError(
            RejectionCode.INVALID_PARAMETERS, f"the message key must be the app's id, {app_id}", field="key"
        )
