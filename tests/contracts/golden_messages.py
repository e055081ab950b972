"""Reads the golden files: one for every version of every message ever written, and deliberately broken ones."""

import json
from pathlib import Path
from typing import Any, Final

from contracts.codec import RawRecord
from contracts.defaults import COMMAND_BYTES

GOLDEN: Final = Path(__file__).parent / "golden"
WRITTEN: Final = sorted((GOLDEN / "messages").glob("*.json"))
EARLIER: Final = sorted((GOLDEN / "earlier").glob("*.json"))
"""Written before a field with a default was added to the version."""
BROKEN: Final = sorted((GOLDEN / "broken").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    """The golden file as plain data."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def record(golden: dict[str, Any]) -> RawRecord:
    """The Kafka record that a golden file stands for."""
    text = golden["raw"] if "raw" in golden else json.dumps(golden["data"])
    if golden.get("expected", {}).get("error") == "OversizedMessageError":
        text = json.dumps("x" * COMMAND_BYTES)
    headers = tuple((name, value.encode()) for name, value in golden["headers"].items())
    return RawRecord(golden["key"].encode(), text.encode(), headers)
