"""Makes the first administrator, on the machine that has the gateway's settings: there is nobody yet to ask."""

from services.gateway.adapters.access_stream import AccessStream
from services.gateway.adapters.keystore import add_first_admin, random_key
from services.gateway.domain.keys import ApiKey
from services.gateway.settings import SERVICE
from services.platform.database import Database, migrate
from services.platform.eventstore.store import EventStore
from services.platform.process.clock import Clock
from services.platform.process.ids import NewId
from services.platform.process.settings import PostgresSettings


async def make_first_admin(settings: PostgresSettings, name: str, *, clock: Clock, new_id: NewId) -> ApiKey:
    """The key of the new administrator `name`, to be shown once. Needs the settings of the role `gateway`.

    Raises AdminExistsError and DatabaseUnavailableError.
    """
    database = await Database.open(settings, schema=SERVICE)
    try:
        await migrate(database, "services.gateway", SERVICE)
        await migrate(database, "services.platform.eventstore", SERVICE)
        key, stream = random_key(), AccessStream(EventStore(SERVICE))
        async with database.transaction() as c:
            await add_first_admin(c, name, key, now=clock.now(), new_id=new_id, stream=stream)
        return key
    finally:
        await database.close()
