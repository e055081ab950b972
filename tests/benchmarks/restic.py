"""The peer of the repository's benchmarks: restic, where it is installed; only ratios of one run mean anything."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Restic:
    """A repository of restic in a directory."""

    directory: Path

    @classmethod
    def new(cls, directory: Path) -> "Restic | None":
        """A new one; None where restic is not installed."""
        if shutil.which("restic") is None:
            return None
        made = cls(directory)
        made._run("init")
        return made

    def back_up(self, path: Path) -> float:
        """Back a path up; returns the seconds that it took."""
        began = time.monotonic()
        self._run("backup", str(path))
        return time.monotonic() - began

    def stored_bytes(self) -> int:
        """What the repository takes."""
        return sum(path.stat().st_size for path in self.directory.rglob("*") if path.is_file())

    def _run(self, *words: str) -> None:
        home = self.directory.with_name("restic-cache")
        environment = {**os.environ, "RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(home)}
        command = ["restic", "--quiet", "--repo", str(self.directory), *words]
        subprocess.run(command, env=environment, check=True)
