"""The generated documents are what the contracts say."""

from pathlib import Path

import pytest

from contracts.documents import asyncapi, rendered
from contracts.registry import BODIES


@pytest.mark.parametrize("path", rendered(), ids=lambda path: path.name)
def test_a_generated_document_has_not_drifted(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == rendered()[path], "run: python -m contracts.documents"


def test_every_message_is_on_exactly_one_channel() -> None:
    channels = asyncapi()["channels"].values()
    named = [name for channel in channels for name in channel["messages"]]
    assert sorted(named) == sorted(name for _, name in BODIES)
