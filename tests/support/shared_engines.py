"""One broker, PostgreSQL and object store for all workers of a run: more of them start, warm up and idle for nothing.

A test has topics, a database and a bucket of its own on them, whoever else is there.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

from infra.local.outside import as_environment
from tests.support.databases import make_template
from tests.support.local_engines import local_kafka, local_postgres, local_s3, place_of_databases
from tests.support.settings import EngineSettings

CONNECTIONS: Final = "600"
"""As many as several workers' services and apps may have open."""


@contextmanager
def shared_engines() -> Iterator[Mapping[str, str]]:
    """The environment with the engines that nobody has named yet, which run until the block ends."""
    named, told = EngineSettings(), dict(os.environ)
    with ExitStack() as stack:
        if named.engines == "local":
            if named.kafka is None:
                told |= as_environment("TEST_KAFKA", stack.enter_context(local_kafka()))
            if named.postgres is None:
                postgres = stack.enter_context(local_postgres(place_of_databases(), max_connections=CONNECTIONS))
                make_template(postgres)
                told |= as_environment("TEST_POSTGRES", postgres) | {"NIGHTKEEP_TEST_TEMPLATE_IS_MADE": "true"}
            if named.s3 is None:
                told |= as_environment("TEST_S3", stack.enter_context(local_s3()))
        yield told
