"""An environment's data keys, and what is derived from them (contracts/FORMAT.md, "Keys")."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.platform.repository.errors import KeyDestroyedError, RepositoryKeyError

KEY_BYTES: Final = 32


def derived(secret: bytes, *, salt: bytes, purpose: str) -> bytes:
    """HKDF-SHA256: 32 bytes for one purpose."""
    info = f"nightkeep v2 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(secret)


@dataclass(frozen=True, repr=False)
class KeyRing:
    """The data keys of one environment by number; the newest is used for what is written.

    `first` is the number of the first: those before it were destroyed. Names come from the first for ever: a later key
    must find what an earlier one stored. Without any key nothing can be read or written.
    """

    environment_id: UUID
    keys: tuple[bytes, ...]
    first: int = 0

    @property
    def newest(self) -> int:
        """The number of the key to write under."""
        return self.first + len(self.keys) - 1

    @cached_property
    def name_key(self) -> bytes:
        """What contents are named by. Raises KeyDestroyedError where there is no key."""
        return derived(self._key(self.first), salt=self.environment_id.bytes, purpose="name")

    @cached_property
    def seal_key(self) -> bytes:
        """What the keyed hash of a manifest is made with; the log tells that hash. Raises as `name_key`."""
        return derived(self._key(self.first), salt=self.environment_id.bytes, purpose="manifest hash")

    def is_destroyed(self, number: int) -> bool:
        """Whether what lies under this key can never be read again."""
        return number < self.first

    def one_time(self, number: int, purpose: str, salt: bytes) -> bytes:
        """The key of one object, whose salt nothing else has.

        Raises KeyDestroyedError, and RepositoryKeyError for an unknown number.
        """
        return derived(self._key(number), salt=salt, purpose=purpose)

    def _key(self, number: int) -> bytes:
        if self.is_destroyed(number) or not self.keys:
            raise KeyDestroyedError(f"the data key {number} of the environment {self.environment_id} was destroyed")
        if number > self.newest:
            raise RepositoryKeyError(f"the data key {number} of the environment {self.environment_id} is not there")
        return self.keys[number - self.first]
