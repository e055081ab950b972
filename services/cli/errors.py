"""What a call of the gateway may end in; the tree is drawn in services/cli/client.py."""


class GatewayError(Exception):
    """A request had no effect, or it is not known whether it had one."""

    def __init__(self, message: str, *, code: str = "", field: str | None = None, status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.status = status


class UnauthorizedError(GatewayError):
    """No such user or key, or the key's scope is too small."""


class NotFoundError(GatewayError):
    """There is no such thing."""


class RefusedError(GatewayError):
    """The platform decided against it; nothing was changed."""


class NotKnownYetError(GatewayError):
    """The answer did not come in time; repeat with the same `idempotency_key`."""


class UnreachableError(GatewayError):
    """Nobody answers at the gateway's address."""


class ServerError(GatewayError):
    """The gateway met a defect."""
