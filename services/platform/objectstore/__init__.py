"""Objects by key, in an S3 server or a directory: the port, its adapters, and the probe that a server must pass.

`s3.S3ObjectStore` is no name of this package: who only reads contents starts without the driver of buckets.
"""

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
from services.platform.objectstore.port import KeepsVersions, ObjectInfo, ObjectStore
from services.platform.objectstore.probe import probe

__all__ = [
    "ALWAYS",
    "ANY",
    "AlreadyExistsError",
    "DirectoryObjectStore",
    "Faults",
    "FaultyObjectStore",
    "InvalidKeyError",
    "KeepsVersions",
    "ObjectChangedError",
    "ObjectInfo",
    "ObjectNotFoundError",
    "ObjectStore",
    "StoreRefusedError",
    "StoreUnavailableError",
    "UnsafeStoreError",
    "probe",
]
