"""What the catalog needs: Kafka and PostgreSQL; it reads no store and no environment."""

from services.platform.process.settings import Settings


class CatalogSettings(Settings):
    """The settings of all services; the catalog has none of its own."""
