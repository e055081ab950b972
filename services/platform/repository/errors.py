"""Why stored bytes cannot be had back, and why room cannot be reclaimed (yet).

TransientError
├── RemovalTooEarlyError    condemned content must still wait: for its time, or for a backup that had begun before
├── ChainChangedError       another worker has rewritten a chain meanwhile
└── ListedLateError         the store does not list yet what was just written
PermanentError              somebody has to look at the store or the key
├── ContentMissingError     a manifest names a content that is not in the store
├── ContentCorruptError     a content's bytes are not those that it is named after
├── ManifestMissingError    no backup of that id: nothing there, or a tombstone
├── ManifestStandsError      the backup exists, where only a tombstone was expected
├── ManifestCorruptError    unreadable, of a newer format, or not the one that the log tells of
│   ├── ChainCorruptError   the chain beside it cannot be read: nothing may be removed, and the backup can be restored
│   └── NewerManifestError  a manifest that a newer release wrote
├── PackCorruptError        a pack whose begin, end or footer is damaged
│   └── NewerPackError      a pack that a newer release wrote
├── SealBrokenError         a sealed object that is damaged, foreign, or not where it belongs
│   └── NewerSealError      a sealed object that a newer release wrote
├── CondemnedCorruptError   what is condemned cannot be read: nothing is removed
└── RepositoryKeyError      the key's file is missing, readable by others, malformed, or another repository's
    ├── KeyDestroyedError   what is asked for lies under a data key that was destroyed, for good
    └── WrapDamagedError    a wrapped key that is no such thing any more: of its environment nothing can be read
"""

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError, TransientError


class RepositoryError(PermanentError):
    """Something about the stored form of a backup."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.BACKUP_UNREADABLE)


class ContentMissingError(RepositoryError):
    """A content is not in the store, although something names it."""


class ContentCorruptError(RepositoryError):
    """A content's bytes do not have the keyed hash that they are named after, or are no content at all."""


class ManifestMissingError(RepositoryError):
    """There is no manifest of that backup."""


class ManifestStandsError(RepositoryError):
    """The backup exists, and what was asked for is only for one that does not."""


class ManifestCorruptError(RepositoryError):
    """A manifest that cannot be trusted."""


class ChainCorruptError(ManifestCorruptError):
    """A rewritten chain that cannot be trusted; `key` is where it lies."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"the chain {key} {reason}")
        self.key = key


class NewerManifestError(ManifestCorruptError):
    """A manifest of a newer release: it is not damaged."""


class PackCorruptError(RepositoryError):
    """A pack that does not tell what it holds."""


class NewerPackError(PackCorruptError):
    """A pack of a newer release: nothing may be written beside it, since nobody here knows by which rules."""


class SealBrokenError(RepositoryError):
    """A sealed object that cannot be opened."""


class NewerSealError(SealBrokenError):
    """A sealed object of a newer release: it is not damaged."""


class CondemnedCorruptError(RepositoryError):
    """An object that should name what is condemned does not."""


class RepositoryKeyError(RepositoryError):
    """The repository's key cannot be used."""


class KeyDestroyedError(RepositoryKeyError):
    """What lies under this data key can never be read again: the environment's backups were shredded."""


class WrapDamagedError(RepositoryKeyError):
    """A wrapped key cannot be read; those of other environments are not touched by it. `key` is where it lies."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(
            f"the wrapped key {key} {reason}: put a copy of it back, for without it nothing of this environment is read"
        )
        self.key = key


class RemovalTooEarlyError(TransientError):
    """Condemned content cannot be removed yet; later it can."""


class ChainChangedError(TransientError):
    """A chain was rewritten by somebody else: who looks again finds it as it should be."""


class ListedLateError(TransientError):
    """A listing lacks what was just written, and nothing can be concluded from it; later it can."""
