"""What every test may ask for."""

import gc
import signal
from zlib import crc32

import pytest
from hypothesis import settings

from services import end_imports
from tests.support import starting

pytest_plugins = ["tests.support.engines"]

settings.register_profile("nightkeep", deadline=None)  # a slow machine is no counterexample
settings.load_profile("nightkeep")
end_imports()
starting.start = starting.fork
# What a shell runs in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix files that compute with files that wait, always in the same way: else the latter are left, and cores idle."""
    items.sort(key=lambda item: crc32(item.path.name.encode()))


def pytest_collection_finish() -> None:
    """All tests stay until the end: else each full collection goes through them, a fifteenth of a worker's CPU time."""
    gc.freeze()
