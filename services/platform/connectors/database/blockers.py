"""Names the sessions that another one waits for, so that a person knows whom to ask."""

from collections.abc import Sequence

from services.platform.connectors.database.connection import Connection

_WAITED_FOR = """
SELECT DISTINCT coalesce(format('session %s of %s (%s, %s)', s.pid, s.usename,
                    coalesce(nullif(s.application_name, ''), 'no application name'),
                    coalesce(s.state, 'its state is not shown to this role')),
                format('a prepared transaction (%s)', (SELECT string_agg(gid, ', ') FROM pg_catalog.pg_prepared_xacts)))
FROM pg_catalog.pg_stat_activity AS w
CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid = b.pid
WHERE w.application_name = $1
ORDER BY 1
"""


async def waited_for_by(connection: Connection, application: str) -> Sequence[str]:
    """Who holds the locks that sessions named `application` wait for, in words; empty when they wait for nobody."""
    return [row[0] for row in await connection.fetch(_WAITED_FOR, application)]
