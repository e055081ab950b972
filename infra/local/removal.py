"""Remove directories of many small files, several at once: what one waits for at the disk, another works through."""

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

REMOVERS: Final = 8


def remove(paths: Iterable[Path]) -> None:
    """Remove files, links and whole directories; a link is not followed, and what is not there is fine."""
    found = [path for path in paths if path.is_symlink() or path.exists()]
    with ThreadPoolExecutor(REMOVERS) as pool:
        list(pool.map(_remove, [part for path in found for part in _parts(path)]))
        list(pool.map(_remove, found))


def _parts(path: Path) -> Iterator[Path]:
    """What is one and two directories down: enough to share among threads, and it goes before what holds it."""
    if _is_directory(path):
        for below in path.iterdir():
            yield from below.iterdir() if _is_directory(below) else (below,)


def _remove(path: Path) -> None:
    if _is_directory(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
