"""`python -m tests.support.doomed_retention`: the retention service, killed or stopped at one call of its object store.

`NIGHTKEEP_TEST_DOOM` says where: `put condemned/ before` is before the first put of a key with that in it.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from services.platform.objectstore.s3 import S3ObjectStore
from services.platform.process.service import run_service
from services.retention.bootstrap import bootstrap
from services.retention.parts import SERVICE
from services.retention.settings import RetentionServiceSettings

Call = Callable[..., Awaitable[Any]]


def doomed(call: Call, part: str, when: str, how: signal.Signals) -> Call:
    """The call; at the first key with `part` in it the whole process ends, or stands still, without a word."""
    met = False

    @wraps(call)
    async def calling(store: S3ObjectStore, key: str, *rest: object, **named: object) -> object:
        nonlocal met
        mine, met = part in key and not met, met or part in key
        if mine and when == "before":
            os.kill(os.getpid(), how)
        answer = await call(store, key, *rest, **named)
        if mine and when == "after":
            os.kill(os.getpid(), how)
        return answer

    return calling


if __name__ == "__main__":
    name, part, when, how = os.environ["NIGHTKEEP_TEST_DOOM"].split()
    setattr(S3ObjectStore, name, doomed(getattr(S3ObjectStore, name), part, when, signal.Signals[how]))
    sys.exit(run_service(SERVICE, RetentionServiceSettings, bootstrap))
