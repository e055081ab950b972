"""Objects by key, in an S3 server or a directory: the port, its adapters, and the probe that a server must pass."""

from services.platform.objectstore.port import ObjectInfo, ObjectStore

__all__ = ["ObjectInfo", "ObjectStore"]
