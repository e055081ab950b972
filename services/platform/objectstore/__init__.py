"""Objects by key, in an S3 server or a directory: the port, its adapters, and the probe that a server must pass."""

from services.platform.objectstore.directory import DirectoryObjectStore
from services.platform.objectstore.errors import (
    AlreadyExistsError,
    InvalidKeyError,
    ObjectChangedError,
    ObjectNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
    UnsafeStoreError,
)
from services.platform.objectstore.faulty import ALWAYS, ANY, Faults, FaultyObjectStore
from services.platform.objectstore.port import ObjectInfo, ObjectStore
from services.platform.objectstore.probe import probe
from services.platform.objectstore.s3 import S3ObjectStore

__all__ = [
    "ALWAYS",
    "ANY",
    "AlreadyExistsError",
    "DirectoryObjectStore",
    "Faults",
    "FaultyObjectStore",
    "InvalidKeyError",
    "ObjectChangedError",
    "ObjectInfo",
    "ObjectNotFoundError",
    "ObjectStore",
    "S3ObjectStore",
    "StoreRefusedError",
    "StoreUnavailableError",
    "UnsafeStoreError",
    "probe",
]
