"""Files on their way in: sent in parts, kept encrypted in the object store, read by whoever works them off, removed."""

from services.platform.parcels.errors import ParcelBrokenError, ParcelIncompleteError
from services.platform.parcels.file import digest_of, parcel_file
from services.platform.parcels.parcels import Parcels, part_size, parts_of

__all__ = [
    "ParcelBrokenError",
    "ParcelIncompleteError",
    "Parcels",
    "digest_of",
    "parcel_file",
    "part_size",
    "parts_of",
]
