"""The peers of the benchmarks, each with the settings that were found to be its best; only ratios of one run count.

What is not installed is not measured, and told. `infra/bin/peers` fetches all of them.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from services.platform.process.settings import S3Settings
from tests.benchmarks.contest import Cost, Place, run

FETCHED: Final = Path(__file__).parents[2] / ".cache" / "peers" / "bin"
"""Where `infra/bin/peers` puts what no package of the system has."""
PATH: Final = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{FETCHED}"
PASSWORD: Final = "bench"  # noqa: S105 -- of repositories that last as long as the benchmark


class Peer:
    """A program with a repository of its own; see Contestant."""

    name: ClassVar[str]
    told: ClassVar[str]
    """Its settings, for a person."""
    stores_in_buckets: ClassVar[bool] = False
    asked_its_version: ClassVar[str] = "--version"

    def __init__(self, place: Place) -> None:
        self.place = place

    @classmethod
    def program(cls) -> str | None:
        """Its path, where it is installed."""
        return shutil.which(cls.name, path=PATH)

    @property
    def settings(self) -> str:
        """See Contestant."""
        words = [self.program() or "", self.asked_its_version]
        version = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[0]
        return f"{version}: {self.told}"

    async def make(self) -> None:
        """See Contestant."""
        self.place.directory.mkdir(parents=True, exist_ok=True)
        await self._run(*self._making())

    async def look(self) -> Cost:
        """See Contestant."""
        return await self._run(*self._looking())

    async def back_up(self, source: Path) -> Cost:
        """See Contestant."""
        return await self._run(*self._backing_up(source))

    async def restore(self, to: Path) -> Cost:
        """See Contestant."""
        return await self._run(*self._restoring(to), cwd=to)

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _making(self) -> Sequence[str]:
        return ["init"]

    def _looking(self) -> Sequence[str]:
        return ["snapshots"]

    def _backing_up(self, source: Path) -> Sequence[str]:
        raise NotImplementedError

    def _restoring(self, to: Path) -> Sequence[str]:
        raise NotImplementedError

    async def _run(self, *words: str, cwd: Path | None = None) -> Cost:
        program = self.program()
        assert program is not None, f"{self.name} is not installed"
        return (await run(program, *words, environment=self._environment(), cwd=cwd or self.place.directory)).cost


class Restic(Peer):
    """`latest` is the newest backup; its cache is one, for a repository on the same disk too."""

    name = "restic"
    told = "format 2, compression auto (zstd), packs of 64 MiB, its cache"
    stores_in_buckets = True
    asked_its_version = "version"

    def _environment(self) -> Mapping[str, str]:
        settings = {
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(self.place.directory / "cache"),
            "RESTIC_REPOSITORY": str(self.place.repository),
            "RESTIC_COMPRESSION": "auto",
            "RESTIC_PACK_SIZE": "64",
        }
        return settings | (_of_a_bucket(self.place.s3) if self.place.s3 else {})

    def _making(self) -> Sequence[str]:
        return ["--quiet", "init", "--repository-version", "2"]

    def _backing_up(self, source: Path) -> Sequence[str]:
        return ["--quiet", "backup", str(source)]

    def _restoring(self, to: Path) -> Sequence[str]:
        return ["--quiet", "restore", "latest", "--target", str(to)]


def _of_a_bucket(s3: S3Settings) -> dict[str, str]:
    return {
        "RESTIC_REPOSITORY": f"s3:{s3.endpoint_url}/{s3.bucket}/{s3.prefix}",
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key.get_secret_value(),
        "AWS_DEFAULT_REGION": s3.region,
    }


class Borg(Peer):
    """Names its archives itself; a night has one that is named after when it was."""

    name = "borg"
    told = "repokey-blake2, zstd 3, files cache by ctime, size and inode, no ACLs, attributes and flags"

    def _environment(self) -> Mapping[str, str]:
        return {
            "BORG_PASSPHRASE": PASSWORD,
            "BORG_BASE_DIR": str(self.place.directory / "base"),
            "BORG_REPO": str(self.place.repository),
        }

    def _making(self) -> Sequence[str]:
        return ["init", "--encryption", "repokey-blake2"]

    def _looking(self) -> Sequence[str]:
        return ["list"]

    def _backing_up(self, source: Path) -> Sequence[str]:
        bare = ["--noacls", "--noxattrs", "--noflags"]
        return ["create", "--compression", "zstd,3", *bare, "::{utcnow:%Y%m%d%H%M%S.%f}", str(source)]

    def _restoring(self, _to: Path) -> Sequence[str]:
        newest = subprocess.run(
            [self.program() or "", "list", "--last", "1", "--short"],
            env={**os.environ, **self._environment()},
            capture_output=True,
            text=True,
            check=True,
        )
        return ["extract", "--noacls", "--noxattrs", "--noflags", f"::{newest.stdout.strip()}"]


class Rustic(Peer):
    """Another program for restic's format."""

    name = "rustic"
    told = "compression 3 (zstd), its cache"

    def _environment(self) -> Mapping[str, str]:
        return {
            "RUSTIC_PASSWORD": PASSWORD,
            "RUSTIC_REPOSITORY": str(self.place.repository),
            "RUSTIC_CACHE_DIR": str(self.place.directory / "cache"),
            "RUSTIC_NO_PROGRESS": "true",
            "RUSTIC_LOG_LEVEL": "warn",
        }

    def _making(self) -> Sequence[str]:
        return ["init", "--set-compression", "3"]

    def _backing_up(self, source: Path) -> Sequence[str]:
        return ["backup", "--no-scan", str(source)]

    def _restoring(self, to: Path) -> Sequence[str]:
        return ["restore", "latest", str(to)]


class Rclone(Peer):
    """Copies a bucket into a directory, file by file: it keeps no versions, and neither compresses nor encrypts."""

    name = "rclone"
    told = (
        "copy, 16 transfers, 32 checkers, fast list, --update with the server's times, so that no object is asked for"
    )

    def __init__(self, place: Place, source: S3Settings) -> None:
        super().__init__(place)
        self._source = source

    def _environment(self) -> Mapping[str, str]:
        return {
            "AWS_CA_BUNDLE": "",  # some versions fail for any
            "RCLONE_CONFIG": str(self.place.directory / "rclone.conf"),
            "RCLONE_CONFIG_SOURCE_TYPE": "s3",
            "RCLONE_CONFIG_SOURCE_PROVIDER": "SeaweedFS",
            "RCLONE_CONFIG_SOURCE_ENDPOINT": str(self._source.endpoint_url),
            "RCLONE_CONFIG_SOURCE_REGION": self._source.region,
            "RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID": self._source.access_key_id,
            "RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY": self._source.secret_access_key.get_secret_value(),
        }

    def _making(self) -> Sequence[str]:
        return ["config", "touch"]

    def _looking(self) -> Sequence[str]:
        return ["version"]

    def _backing_up(self, source: Path) -> Sequence[str]:
        place = f"source:{self._source.bucket}/{source}"
        at_once = ["--transfers", "16", "--checkers", "32", "--fast-list", "--s3-no-head-object"]
        return ["copy", *at_once, "--update", "--use-server-modtime", place, str(self.place.repository)]


REPOSITORIES: Final[Sequence[type[Peer]]] = (Restic, Borg, Rustic)


def installed(place: Path, *, s3: S3Settings | None = None) -> Iterator[Peer]:
    """A contestant for each peer that is installed, and stores in a bucket if one is given."""
    for peer in REPOSITORIES:
        if peer.program() and (s3 is None or peer.stores_in_buckets):
            theirs = s3.model_copy(update={"prefix": f"{s3.prefix}/{peer.name}"}) if s3 else None
            yield peer(Place(place / peer.name, theirs))


def missing(peers: Sequence[type[Peer]] = REPOSITORIES) -> str:
    """A sentence about the peers that are not installed."""
    names = [peer.name for peer in peers if not peer.program()]
    return f"not installed, so not measured (`infra/bin/peers`): {', '.join(names)}" if names else "every peer is there"
