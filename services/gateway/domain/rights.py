"""Which scopes there are, and who a caller is once a key was recognised."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Scope(StrEnum):
    """What a key may do (spec: backups-api-v2, "Rights").

    `read` looks; `create` makes, comments, pins and cancels backups and checks environments; `restore` changes what
    runs in an environment; `delete` removes backups; `admin` registers, changes and removes apps and environments.
    """

    READ = "read"
    CREATE = "create"
    RESTORE = "restore"
    DELETE = "delete"
    ADMIN = "admin"


ALL_SCOPES: Final = frozenset(Scope)


@dataclass(frozen=True)
class Caller:
    """A person or program whose key was recognised."""

    user: str
    key_id: str
    scopes: frozenset[Scope]

    @property
    def actor(self) -> str:
        """What commands say about who asked."""
        return f"user:{self.user}"

    def may(self, scope: Scope) -> bool:
        """Whether the key has this scope; none includes another."""
        return scope in self.scopes


@dataclass(frozen=True)
class StoredKey:
    """An API key as it is kept: nothing that it could be made from again."""

    key_id: str
    user_id: UUID
    user: str
    hash: str
    scopes: frozenset[Scope]
