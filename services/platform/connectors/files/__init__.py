"""An environment's file documents, in a directory or under an S3 prefix: listed, read, and exchanged by a restore.

The front door is `open_documents`, which gives a `DocumentStore` (see `port`).
"""

from services.platform.connectors.files.port import DocumentStore, Listed, Part, Stray

__all__ = ["DocumentStore", "Listed", "Part", "Stray"]
