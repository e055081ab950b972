"""How a program is started that must not outlive this process, whatever ends it."""

import os
import sys
from pathlib import Path
from typing import Final

_TETHER: Final = Path(__file__).with_name("tether.py")


def tethered(program: Path | str, *arguments: str) -> tuple[str, ...]:
    """The command line that has `program` killed when this process ends; it exits with 127 where that cannot be."""
    return (sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), str(program), *arguments)
