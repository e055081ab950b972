"""Files for their owner's eyes only, whole or not there."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Put a file in place at once, readable by its owner only from its first moment on."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    fresh.replace(path)
