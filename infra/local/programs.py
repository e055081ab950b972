"""What is run besides the engines: the six services, the one-shot setup, and the settings that each is given."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.children import Command
from infra.local.connections import Connections
from infra.local.engines.postgres import installation
from infra.local.layout import Layout
from infra.local.outside import as_environment
from infra.local.part import Part
from infra.local.ports import LOOPBACK
from infra.local.private import write_private
from infra.local.stack_identity import SERVICES, StackIdentity
from services.platform.process.settings import PREFIX

NOT_FOR_SERVICES: Final = ("CLI_", "STACK_", "TEST_", "DATA_DIR", "CACHE_DIR", "URL", "USER", "API_KEY", "KEY_FILE")
"""Settings of the command line, of this stack and of the tests; a service refuses keys that it does not know."""
SCALE_SETTING: Final = f"{PREFIX}STACK_SAMPLE_SCALE"
"""1 is about 200 MB of rows and 130 MB of documents; tests make do with less."""
SERVICE_STOP_SECONDS: Final = 8.0


@dataclass(frozen=True)
class Programs:
    """Makes the commands of one stack."""

    layout: Layout
    identity: StackIdentity
    connections: Connections
    inherited: Mapping[str, str]
    """The environment of the supervisor: settings for services in it hold, unless the stack knows better."""

    def service(self, name: str) -> Part:
        """Return one of the six services."""
        return Part.of_service(name, self.address(name), self._python(name, f"services.{name}", self._of_service(name)))

    def provision(self) -> Command:
        """Make what must exist before the services start: roles, schemas, topics, the bucket. It may run again."""
        passwords = {service: self.identity.passwords[service] for service in SERVICES}
        administrator = {
            **as_environment("postgres", self.connections.postgres),
            f"{PREFIX}PROVISION__PASSWORDS": json.dumps(passwords),
        }
        return self._python("provision", "services.platform.provision", administrator)

    def sample(self) -> Command:
        """Make the sample app, then tell the gateway of it in the name of the first person."""
        url = {f"{PREFIX}STACK_GATEWAY_URL": f"http://{self.address('gateway')}"}
        scale = {key: value for key, value in self.inherited.items() if key == SCALE_SETTING}
        own = {**self.role("gateway"), **url, **scale}
        return self._python("sample", "infra.local.sample", own, arguments=(str(self.layout.root),))

    def address(self, service: str) -> str:
        """Where the service says whether it is ready; for the gateway that is where it serves."""
        port = self.identity.ports["gateway" if service == "gateway" else f"{service}-health"]
        return f"{LOOPBACK}:{port}"

    def role(self, service: str) -> dict[str, str]:
        """The service's own access to PostgreSQL."""
        settings = self.connections.postgres.model_copy(
            update={"user": service, "password": self.identity.password(service)}
        )
        return as_environment("postgres", settings)

    def make_keys(self) -> None:
        """Make the repository's key, once: without it nothing that is stored can be read."""
        if not self.layout.repository_key_file.exists():
            write_private(self.layout.repository_key_file, secrets.token_hex(32))

    def _of_service(self, name: str) -> dict[str, str]:
        scratch = {f"{PREFIX}SCRATCH_DIRECTORY": str(self._scratch(name))}
        return {**self.role(name), **scratch, **self._listening(name)}

    def _scratch(self, name: str) -> Path:
        """A program's own place, for what it keeps for a while and for what libraries drop where they run."""
        place = self.layout.scratch / name
        place.mkdir(exist_ok=True, mode=0o700)
        return place

    def _listening(self, name: str) -> dict[str, str]:
        host, _, port = self.address(name).partition(":")
        if name != "gateway":
            return {f"{PREFIX}HEALTH__HOST": host, f"{PREFIX}HEALTH__PORT": port}
        return {
            f"{PREFIX}GATEWAY__HOST": host,
            f"{PREFIX}GATEWAY__PORT": port,
            f"{PREFIX}GATEWAY__PUBLIC_URL": f"http://{host}:{port}",
        }

    def _python(self, name: str, module: str, own: Mapping[str, str], arguments: tuple[str, ...] = ()) -> Command:
        return Command(
            argv=[sys.executable, "-m", module, *arguments],
            environment={**self._defaults(), **services_share(self.inherited), **self._known(), **own},
            directory=self._scratch(name),
            log=self.layout.logs / f"{name}.log",
            stop_seconds=SERVICE_STOP_SECONDS,
        )

    def _defaults(self) -> dict[str, str]:
        """What a person may set otherwise."""
        return {
            f"{PREFIX}LOG__FORMAT": "console",
            f"{PREFIX}TOOLS__POSTGRESQL": json.dumps({"18": str(installation() / "bin")}),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "PATH": os.defpath,
        }

    def _known(self) -> dict[str, str]:
        """What only the stack knows."""
        return {
            **as_environment("kafka", self.connections.kafka),
            **as_environment("s3", self.connections.s3),
            f"{PREFIX}SECRETS_DIRECTORY": str(self.layout.secrets),
            f"{PREFIX}REPOSITORY__KEY_FILE": str(self.layout.repository_key_file),
        }


def services_share(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return what of the supervisor's environment is for services too: all but other programs' settings."""
    ours = tuple(PREFIX + name for name in NOT_FOR_SERVICES)
    return {key: value for key, value in inherited.items() if not key.upper().startswith(ours)}
