"""The names of streams: `<service>/<entity>/<id>`, each with one owning service (architecture §2.3)."""

from typing import NamedTuple
from uuid import UUID


def stream(service: str, entity: str, entity_id: UUID | str) -> str:
    """For example `catalog/backup/5f0c…`."""
    return f"{service}/{entity}/{entity_id}"


class StreamName(NamedTuple):
    """A stream's name taken apart."""

    service: str
    entity: str
    entity_id: str

    @classmethod
    def parse(cls, text: str) -> "StreamName":
        """Raises ValueError when `text` has not three parts."""
        service, entity, entity_id = text.split("/", 2)
        return cls(service, entity, entity_id)
