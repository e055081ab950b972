"""Shows the independent witness everything, once all has come to rest."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from services.platform.process.settings import KafkaSettings, PostgresSettings, S3Settings
from tests.history.collecting import Places, collected
from tests.history.dumps import dumps
from tests.history.evidence import Call, Evidence, Written
from tests.soak.loading import AT_MOST, loaded, text_hash
from tests.soak.world import World
from tests.support.databases import execute
from tests.support.eventually import eventually, undisturbed

APPENDING: Final = ("catalog", "snapshot", "restore", "retention", "gateway")
WORKING: Final = ("snapshot", "restore", "retention", "gateway")
FOLLOWING: Final = (("catalog", "projection"), *((one, one) for one in APPENDING))
"""Who takes events: its schema, and its name there."""
REST_SECONDS: Final = 900.0
"""A long soak leaves a thousand checks of one environment to be worked off, one after the other."""


async def evidence_of(world: World, *, reclaimed: bool = False) -> Evidence:
    """Everything, when all that was appended is on the log and in the read model, and no job is under way."""
    async with asyncio.timeout(2 * REST_SECONDS):
        evidence = await undisturbed(lambda: collected(places_of(world)), lambda: _appended_at_rest(world))
    evidence.written = {str(one): Written(held[1], text_hash(held[0])) for one, held in world.contents.items()}
    evidence.texts |= world.arguments.texts()
    evidence.secrets = secrets_of(world, evidence.calls)
    evidence.master_key = bytes.fromhex((world.platform.directory / "repository.key").read_text(encoding="ascii"))
    evidence.reclaimed = reclaimed
    owners = [place.database.role for place in world.places.values()]
    found = dumps(evidence, AT_MOST)
    evidence.loaded = await asyncio.to_thread(loaded, world.platform.database.server, found, owners)
    return evidence


async def _appended_at_rest(world: World) -> str:
    """How many events there are, once nothing waits.

    A clock that was moved on brings nights due, and a service sees that at its own beat: maybe while all is collected,
    behind the log and before the rows.
    """
    return await eventually(lambda: asyncio.to_thread(at_rest, world.platform.database()), within_seconds=REST_SECONDS)


def secrets_of(world: World, calls: Sequence[Call]) -> Sequence[str]:
    """What nobody may see: keys and passwords of everybody concerned, and what webhooks and hooks are signed with.

    Those of hooks are among what an operator keeps; those of webhooks were shown to whoever made them, and so were keys
    and the tokens of invitations.
    """
    platform = world.platform
    kept = [path.read_text(encoding="ascii") for path in platform.secrets.iterdir()]
    answers = [call.answer for call in calls if isinstance(call.answer, dict)]
    signing = [answer.get("signing_secret") for answer in answers]
    shown = [world.api_key, *(answer.get(field) for answer in answers for field in ("api_key", "token"))]
    keys = [key.split("_", 2)[2] for key in shown if key]  # nk or ni, its id, and what nobody may see
    servers = [platform.kafka.password, platform.database.server.password, platform.s3.secret_access_key]
    known = [one.get_secret_value() for one in servers if one is not None]
    master = (platform.directory / "repository.key").read_text(encoding="ascii")
    return sorted({*kept, *known, master, *keys, *world.typed, *filter(None, signing)})


def at_rest(database: PostgresSettings) -> str:
    """How many events there are, when none is to be published, none to be taken and no job to be done; else nothing.

    One statement, so one look: between two of them a job ends, and its event is not on the log yet.
    """
    events = _everywhere("published_at, log_partition, log_offset", "event", APPENDING)  # their bodies are many
    jobs = _everywhere("state", "job", WORKING)
    dealt_with = " UNION ALL ".join(
        f"SELECT '{schema}.{consumer}' AS follower, partition, next_offset FROM {schema}.consumer_offset"  # noqa: S608 -- names from here
        f" WHERE consumer = '{consumer}' AND topic LIKE '%.events'"
        for schema, consumer in FOLLOWING
    )
    look = f"""
        WITH event AS ({events}), job AS ({jobs}), dealt_with AS ({dealt_with}),
            log_end AS (SELECT log_partition AS partition, max(log_offset) AS last
                FROM event WHERE published_at IS NOT NULL GROUP BY 1),
            follower AS (SELECT unnest(string_to_array('{" ".join(map(".".join, FOLLOWING))}', ' ')) AS follower)
        SELECT (SELECT count(*) FROM event)
        WHERE NOT EXISTS (SELECT FROM event WHERE published_at IS NULL)
            AND NOT EXISTS (SELECT FROM job WHERE state IN ('waiting', 'running'))
            AND NOT EXISTS (SELECT FROM log_end CROSS JOIN follower LEFT JOIN dealt_with USING (follower, partition)
                WHERE coalesce(next_offset, 0) <= last)
    """  # noqa: S608 -- names from here
    return execute(database, look)


def _everywhere(columns: str, table: str, schemas: Sequence[str]) -> str:
    return " UNION ALL ".join(f"SELECT {columns} FROM {schema}.{table}" for schema in schemas)  # noqa: S608 -- names from here


def places_of(world: World) -> Places:
    """Where all of it is."""
    platform = world.platform
    return Places(
        kafka=_kafka(platform.kafka),
        topics=platform.kafka.topic_prefix,
        postgres=_postgres(platform.database()),
        s3=_s3(platform.s3),
        bucket=platform.s3.bucket,
        prefix=f"{platform.s3.prefix}/",
        calls=platform.directory / "calls.jsonl",
        logs=sorted(platform.directory.glob("*.log")),
    )


def _kafka(settings: KafkaSettings) -> dict[str, Any]:
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value() if settings.password else None,
    }


def _postgres(settings: PostgresSettings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "user": settings.user,
        "password": settings.password.get_secret_value(),
        "database": settings.database,
    }


def _s3(settings: S3Settings) -> dict[str, Any]:
    return {
        "endpoint_url": settings.endpoint_url,
        "region_name": settings.region,
        "aws_access_key_id": settings.access_key_id,
        "aws_secret_access_key": settings.secret_access_key.get_secret_value(),
    }
