"""What every test may ask for."""

import gc
import signal

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


def pytest_collection_finish() -> None:
    """All tests stay until the end: else each full collection goes through them, a fifteenth of a worker's CPU time."""
    gc.freeze()
