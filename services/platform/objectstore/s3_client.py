"""Opens the S3 driver's client with settings that every S3 server understands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any, Final

from aiobotocore.config import AioConfig  # type: ignore[import-untyped]  # -- aiobotocore has no types
from aiobotocore.session import AioSession  # type: ignore[import-untyped]  # -- aiobotocore has no types
from botocore.handlers import add_expect_header  # type: ignore[import-untyped]  # -- botocore has no types
from botocore.loaders import create_loader  # type: ignore[import-untyped]  # -- botocore has no types
from botocore.utils import parse_timestamp  # type: ignore[import-untyped]  # -- botocore has no types

from services.platform.objectstore.s3_errors import translated
from services.platform.process.settings import S3Settings

CONNECTIONS: Final = 64
"""More than any caller has calls under way; the callers bound themselves."""
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
TRIES: Final = 3
"""By the driver, within one call; longer outages are the job's to outlast."""

USER_AGENT: Final = "nightkeep"
"""Given, since it would be put together anew for every call: a tenth of a small put."""

S3Client = Any
"""The driver makes its client's methods when it runs; no type describes them."""


@asynccontextmanager
async def s3_client(settings: S3Settings) -> AsyncIterator[S3Client]:
    """A client for `settings`; connects with the first call."""
    with translated(settings.bucket):
        opening = _session().create_client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key.get_secret_value(),
            verify=str(settings.ca_file) if settings.ca_file else None,
            config=_config(settings),
        )
    async with opening as client:
        # It asks before every put whether it may send: a round trip, which costs a fifth of all small puts.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        yield client


def _session() -> AioSession:
    session = AioSession()
    session.register_component("data_loader", _models())
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=instant)
    return session


@cache
def _models() -> Any:  # noqa: ANN401 -- botocore has no types
    """What the driver reads of S3 from its files: once, and not for every client that a job opens."""
    return create_loader()


def instant(text: str) -> datetime:
    """What listings say of every object; the driver's own way, for all that somebody may write, is half a listing."""
    if text.endswith("Z"):
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    moment: datetime = parse_timestamp(text)
    return moment


def _config(settings: S3Settings) -> AioConfig:
    return AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path" if settings.endpoint_url else "auto"},
        request_checksum_calculation=settings.checksums,
        response_checksum_validation=settings.checksums,
        max_pool_connections=CONNECTIONS,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        user_agent=USER_AGENT,
        parameter_validation=False,  # the port's own types have checked them; it costs a tenth of a put
    )
