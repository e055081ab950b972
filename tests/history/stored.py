"""Reads backups out of the bucket by the published format alone (contracts/FORMAT.md, version 2)."""

import json
import struct
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENTRY: Final = struct.Struct(">32sBII")
DELTA: Final = 2
ZSTD: Final = 1


class BrokenError(Exception):
    """The bucket does not hold what it should."""


def derived(secret: bytes, salt: bytes, purpose: str) -> bytes:
    """The key of one purpose."""
    info = f"nightkeep v2 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


class StoredEnvironment:
    """The backups of one environment in a bucket: its objects by key, below the setting's prefix."""

    def __init__(self, objects: Mapping[str, bytes], key: bytes, environment_id: str) -> None:
        self._objects = objects
        self._key = key
        self._id = UUID(environment_id)
        self.prefix = f"environments/{environment_id}/"

    @cached_property
    def _data_keys(self) -> list[bytes | None]:
        """By number, up to the first that is not there; None for the last that was destroyed, and all before it."""
        told: list[Mapping[str, Any]] = []
        while (found := self._objects.get(f"keys/{self._id}/{len(told)}")) is not None:
            told.append(json.loads(found))
        destroyed = [number for number, one in enumerate(told) if one["format"] == "nightkeep-key-destroyed"]
        first = max(destroyed, default=-1) + 1
        return [None] * first + [self._unwrapped(wrap) for wrap in told[first:]]

    def _unwrapped(self, wrap: Mapping[str, Any]) -> bytes:
        sealed = bytes.fromhex(wrap["by_master"])
        return self._opened_wrap(derived(self._key, self._id.bytes, "wrap"), sealed, wrap["number"])

    def _opened_wrap(self, secret: bytes, sealed: bytes, number: int) -> bytes:
        bound = b"nightkeep v2 data key" + self._id.bytes + number.to_bytes(2, "big")
        return _opened(secret, sealed[:12], sealed[12:], bound)

    def data_key(self, number: int) -> bytes:
        """By its number. Raises BrokenError where it was destroyed, or is not there."""
        if number >= len(self._data_keys):
            raise BrokenError(f"the data key {number} of {self._id} is not there")
        key = self._data_keys[number]
        if key is None:
            raise BrokenError(f"the data key {number} of {self._id} was destroyed")
        return key

    @property
    def _first_key(self) -> bytes:
        """The one behind the last that was destroyed."""
        return self.data_key(self._data_keys.count(None))

    def _is_shredded(self, number: int) -> bool:
        return number < len(self._data_keys) and self._data_keys[number] is None

    def decision(self, backup_id: str) -> Any:  # noqa: ANN401 -- JSON
        """The manifest or tombstone of a backup; None where there is neither. Raises BrokenError.

        With the chain that its dump has now.
        """
        key = f"{self.prefix}manifests/{backup_id}"
        stored = self._objects.get(key)
        if stored is None:
            return None
        if stored[:4] != b"NKSO":
            return json.loads(stored)
        manifest = json.loads(self._unsealed(key, stored, 1, "manifest"))
        rewritten = self._objects.get(f"{key}.chain")
        if rewritten is not None:
            told = json.loads(self._unsealed(f"{key}.chain", rewritten, 3, "chain"))
            manifest["database"]["chain"] = told["chain"]
        return manifest

    def has_manifest(self, backup_id: str) -> bool:
        """Whether the backup exists."""
        return self._objects.get(f"{self.prefix}manifests/{backup_id}", b"")[:4] == b"NKSO"

    def hash_of(self, backup_id: str) -> str:
        """The keyed hash of a stored manifest, as the log has it."""
        key = derived(self._first_key, self._id.bytes, "manifest hash")
        return "b3:" + blake3(self._objects[f"{self.prefix}manifests/{backup_id}"], key=key).hexdigest()

    def packs(self) -> Mapping[str, set[str]]:
        """The names of the contents in each pack that is there, by the pack's key. Raises BrokenError."""
        return {key: {name for name, *_ in entries} for key, entries in self._entries.items()}

    def indexed(self) -> Mapping[str, set[str]]:
        """The names that the index objects tell, by pack id."""
        found: dict[str, set[str]] = {}
        for key in self._below("index/"):
            if self._is_shredded(int.from_bytes(self._objects[key][6:8])):
                continue
            told = self._unsealed(key, self._objects[key], 2, "index")
            at = 0
            while at < len(told):
                pack_id, _, count = struct.unpack_from(">16sHI", told, at)
                at += 22
                entries = told[at : at + count * ENTRY.size]
                at += count * ENTRY.size
                names = {f"b3:{one[0].hex()}" for one in ENTRY.iter_unpack(entries)}
                found.setdefault(str(UUID(bytes=pack_id)), set()).update(names)
        return found

    def sequence(self, part: Mapping[str, Any]) -> bytes:
        """The bytes of a sequence, checked against its hash. Raises BrokenError."""
        data = b"".join(self.content(name) for name in part["contents"])
        if self._name(data) != part["hash"]:
            raise BrokenError(f"a sequence of {len(part['contents'])} contents is not what was hashed")
        return data

    def content(self, name: str, depth: int = 0) -> bytes:
        """A content's bytes from the first pack that has it sound, checked against its name. Raises BrokenError."""
        if depth > 2:
            raise BrokenError(f"the content {name} is a delta of a delta of a delta")
        error = BrokenError(f"the content {name} is in no pack")
        for place in self._places.get(name, ()):
            try:
                return self._at(place, name, depth)
            except BrokenError as found:
                error = found
        raise error

    def _at(self, place: tuple[str, int, int, int, int], name: str, depth: int) -> bytes:
        key, form, number, at, size = place
        bound = bytes([form]) + bytes.fromhex(name.removeprefix("b3:"))
        data = self._decoded(form, self._of_pack(key, number, self._objects[key][at : at + size], bound), depth)
        if self._name(data) != name:
            raise BrokenError(f"the content {name} is not what its name says")
        return data

    def _decoded(self, form: int, payload: bytes, depth: int) -> bytes:
        if form == ZSTD:
            return zstd.decompress(payload)
        if form != DELTA:
            return payload
        count, skip, length = struct.unpack_from(">BII", payload)
        digests = [payload[9 + 32 * n : 41 + 32 * n] for n in range(count)]
        prefix = b"".join(self.content(f"b3:{one.hex()}", depth + 1) for one in digests)[skip : skip + length]
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
        return zstd.decompress(payload[9 + 32 * count :], zstd.ZstdDict(prefix, is_raw=True).as_prefix, options)

    @cached_property
    def _places(self) -> Mapping[str, list[tuple[str, int, int, int, int]]]:
        """For each content the packs that have it: key, form, number there, offset, stored size."""
        places: dict[str, list[tuple[str, int, int, int, int]]] = {}
        for key, entries in self._entries.items():
            at = 8
            for number, (name, form, size) in enumerate(entries):
                places.setdefault(name, []).append((key, form, number, at, size))
                at += size
        return places

    @cached_property
    def _entries(self) -> Mapping[str, list[tuple[str, int, int]]]:
        """Of a pack under a destroyed key nobody can tell what it holds."""
        packs = {key: int.from_bytes(self._objects[key][6:8]) for key in self._below("packs/")}
        return {key: [] if self._is_shredded(number) else list(self._footer(key)) for key, number in packs.items()}

    def _footer(self, key: str) -> Iterator[tuple[str, int, int]]:
        pack = self._objects[key]
        if pack[:4] != b"NKPK" or pack[-4:] != b"NKPE":
            raise BrokenError(f"the pack {key} is cut short or damaged")
        count, size = struct.unpack(">II", pack[-12:-4])
        footer = zstd.decompress(self._of_pack(key, count, pack[-12 - size : -12], b"footer"))
        yield from ((f"b3:{digest.hex()}", form, stored) for digest, form, stored, _ in ENTRY.iter_unpack(footer))

    def _of_pack(self, key: str, nonce: int, sealed: bytes, what: bytes) -> bytes:
        pack_id = UUID(key.rpartition("/")[2])
        (number,) = struct.unpack(">H", self._objects[key][6:8])
        bound = b"nightkeep pack" + bytes([2]) + self._id.bytes + what
        secret = derived(self.data_key(number), pack_id.bytes, "pack")
        return _opened(secret, nonce.to_bytes(12, "big"), sealed, bound)

    def _unsealed(self, key: str, stored: bytes, kind: int, purpose: str) -> bytes:
        magic, version, found, number, salt = struct.unpack_from(">4sBBH16s", stored)
        if (magic, version, found) != (b"NKSO", 2, kind):
            raise BrokenError(f"{key} is no sealed {purpose} of version 2")
        bound = stored[:24] + self._id.bytes + key.encode()
        return zstd.decompress(_opened(derived(self.data_key(number), salt, purpose), bytes(12), stored[24:], bound))

    def _name(self, data: bytes) -> str:
        return "b3:" + blake3(data, key=derived(self._first_key, self._id.bytes, "name")).hexdigest()

    def _below(self, part: str) -> list[str]:
        return [key for key in self._objects if key.startswith(self.prefix + part)]


class RecoveredEnvironment(StoredEnvironment):
    """The same for who has the private half of the recovery key, and not the master key."""

    def _unwrapped(self, wrap: Mapping[str, Any]) -> bytes:
        sealed = bytes.fromhex(wrap["by_recovery"])
        public = sealed[:32]
        shared = X25519PrivateKey.from_private_bytes(self._key).exchange(X25519PublicKey.from_public_bytes(public))
        return self._opened_wrap(derived(shared, public, "recovery"), sealed[32:], wrap["number"])


def _opened(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except InvalidTag as error:
        raise BrokenError("bytes in the bucket are not what was encrypted there") from error


def named_by(manifest: Mapping[str, Any]) -> set[str]:
    """Every content that a manifest names by itself: dump, its chain, lists."""
    found = own_of(manifest)
    chain = manifest["database"].get("chain") or {}
    for image in (chain, chain.get("full") or {}, chain.get("anchor") or {}):
        for field in ("contents", "prints", "bases"):
            found |= set(image.get(field, ()))
    return found


def own_of(manifest: Mapping[str, Any]) -> set[str]:
    """Those of them that are the backup's own, and not what its dump is stored against."""
    found = set((manifest["database"].get("chain") or {}).get("prints", ()))
    for part in (manifest["database"], manifest["files"]["listing"], manifest["files"]["dangling"]):
        found |= set(part["contents"]) if part else set()
    return found
