"""What lies where in a stack's one directory, and how we know that a directory is ours."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from infra.local.errors import StackError
from infra.local.removal import remove

SETTING: Final = "NIGHTKEEP_DATA_DIR"
ROOTS_HOME: Final = Path("/var/lib/nightkeep")
"""Root's own home is closed to the user that PostgreSQL runs as."""
CHECKOUT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Layout:
    """The directory of one stack."""

    root: Path

    @property
    def identity_file(self) -> Path:
        """Who this stack is, with its generated passwords and its ports; its presence makes the directory ours."""
        return self.root / "stack.json"

    @property
    def state_file(self) -> Path:
        """What the supervisor says of itself; true only as long as it holds the lock."""
        return self.root / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.root / "lock"

    @property
    def connections_file(self) -> Path:
        """How a program of yours reaches Kafka, PostgreSQL and S3, credentials included."""
        return self.root / "connections.json"

    @property
    def sample_file(self) -> Path:
        """The ids of the sample, once it is registered."""
        return self.root / "sample.json"

    @property
    def credentials_file(self) -> Path:
        """The first person's key of the gateway: JSON {user, api_key}."""
        return self.root / "credentials.json"

    @property
    def repository_key_file(self) -> Path:
        """The key that stored content is kept by."""
        return self.root / "repository.key"

    @property
    def secrets(self) -> Path:
        """What `secret:<name>` means here."""
        return self.root / "secrets"

    @property
    def documents(self) -> Path:
        """The sample environments' documents."""
        return self.root / "documents"

    @property
    def scratch(self) -> Path:
        """Where jobs keep bounded scratch files."""
        return self.root / "scratch"

    @property
    def logs(self) -> Path:
        """The logs of the services and of the supervisor."""
        return self.root / "log"

    @property
    def supervisor_log(self) -> Path:
        """What a supervisor without a terminal says."""
        return self.logs / "supervisor.log"

    def engine(self, name: str) -> Path:
        """Everything of one engine."""
        return self.root / name

    def everything(self) -> list[Path]:
        """All that a stack ever puts there; the identity last, so that half a removal can be repeated."""
        directories = [self.engine(name) for name in ("kafka", "postgres", "seaweedfs")]
        kept = [self.secrets, self.documents, self.scratch, self.logs, self.connections_file, self.sample_file]
        return [*directories, *kept, self.credentials_file, self.repository_key_file, self.state_file, self.lock_file]

    def is_ours(self) -> bool:
        """Whether a stack was made here."""
        return self.identity_file.is_file()

    def claim(self) -> None:
        """Make the directory, or take one that is empty or ours. Raises `StackError`."""
        try:
            if self.root.exists() and not (self.is_ours() or self._is_barely_begun()):
                raise StackError(f"{self.root} holds other things: name an empty or a new directory with --data-dir")
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o711)
            for directory in self._claimed():
                directory.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StackError(
                f"{self.root} cannot be the stack's directory ({error.strerror}): name another one with --data-dir"
            ) from error

    def _claimed(self) -> tuple[Path, ...]:
        return self.secrets, self.documents, self.scratch, self.logs

    def _is_barely_begun(self) -> bool:
        """Whether nothing is there but what a start makes before the identity, which may have ended right then."""
        begun = {*self._claimed(), self.supervisor_log, self.state_file, self.lock_file}
        return self.root.is_dir() and begun.issuperset(self.root.rglob("*"))

    def purge(self) -> list[Path]:
        """Remove what is ours; return what somebody else left there. Raises `StackError` for another's directory."""
        if not (self.is_ours() or self._is_barely_begun()):
            raise StackError(f"{self.root} is not a directory of nightkeep (it has no stack.json): nothing removed")
        remove(self.everything())
        remove([self.identity_file])
        left = list(self.root.iterdir())
        if not left:
            self.root.rmdir()
        return left


def choose(named: Path | None, environment: Mapping[str, str]) -> Layout:
    """Return the directory that was named, else the one of the setting, else this checkout's own."""
    chosen = named or (Path(environment[SETTING]) if environment.get(SETTING) else default_root())
    return Layout(chosen.expanduser().absolute())


def default_root(checkout: Path = CHECKOUT) -> Path:
    """Return a directory that belongs to this checkout, so that two checkouts run side by side."""
    home = ROOTS_HOME if os.geteuid() == 0 else platformdirs.user_data_path("nightkeep")
    return home / f"{checkout.name}-{hashlib.sha256(str(checkout).encode()).hexdigest()[:8]}"
