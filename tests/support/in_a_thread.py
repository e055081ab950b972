"""A fixture that is no coroutine waits for one."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def wait_for(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread: the test's own loop may be this thread's."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()
