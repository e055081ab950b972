"""Apache Kafka on this machine: the real broker, KRaft, one node, from its published jars."""

import base64
import os
import secrets
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.local.children import Command
from infra.local.engines.class_archive import ClassArchive
from infra.local.engines.jars import class_path
from infra.local.engines.java import find_java
from infra.local.ports import LOOPBACK, free_port
from infra.local.private import write_private

USER: Final = "nightkeep"
NODE_ID: Final = "1"
HEAP: Final = "512m"
STARTED: Final = "Kafka Server started"
"""What the broker logs once it serves; an open port alone comes earlier, when it still refuses."""
LOG_PATTERN: Final = "%d{HH:mm:ss,SSS} %-5p %m (%c{1})%n%xEx{8}"


@dataclass(frozen=True)
class Kafka:
    """One broker and controller in one process; its client and controller listeners ask for SASL/PLAIN."""

    directory: Path
    port: int
    controller_port: int
    password: str
    properties: Mapping[str, str] = field(default_factory=dict)
    """More of the broker's properties, or others than ours."""
    name: str = "kafka"

    @property
    def address(self) -> str:
        """The bootstrap server."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "log" / "kafka.log"

    def prepare(self) -> None:
        """Write the settings; format the storage once; keep the classes for quick starts, before the first of all."""
        self._write()
        archive = ClassArchive.of(find_java())
        if not archive.was_tried():
            with TemporaryDirectory(prefix="classes-", dir=self.directory) as directory, suppress(OSError):
                brief = Kafka(Path(directory), free_port(), free_port(), secrets.token_urlsafe())
                brief._write()
                archive.make(brief.command(), brief.is_ready)

    def _write(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self.directory / "server.properties", self._properties())
        write_private(self.directory / "log4j2.properties", _LOG4J)
        formatted = self._data / "meta.properties"
        if not formatted.exists():
            write_private(formatted, _meta_properties())

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def command(self) -> Command:
        """Run the broker. Its log begins anew, so that what it says of being ready is about this start."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".1.log"))
        java = find_java()
        options = (
            f"-Xms128m -Xmx{HEAP} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"
            f" -Dlog4j2.configurationFile=log4j2.properties -Djava.io.tmpdir={self.directory}"
        ).split()
        program = ("-cp", ":".join(str(jar) for jar in class_path()), "kafka.Kafka", "server.properties")
        return Command(
            argv=[str(java), *options, *ClassArchive.of(java).options(), *program],
            environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
            directory=self.directory,
            log=self.log,
        )

    def is_ready(self) -> bool:
        """Whether the broker has said that it serves."""
        return self.log.exists() and STARTED in self.log.read_text(errors="replace")

    def _properties(self) -> str:
        controller = f"{LOOPBACK}:{self.controller_port}"
        ours = broker_properties(
            listen=self.address, advertise=self.address, controller=controller, data=self._data, password=self.password
        )
        return "".join(f"{key}={value}\n" for key, value in {**ours, **self.properties}.items())


def _meta_properties() -> str:
    """What `kafka-storage format` writes: by hand, since a JVM of its own for it took a twentieth of the start."""
    cluster_id, directory_id = _random_id(), _random_id()
    return f"version=1\ncluster.id={cluster_id}\nnode.id={NODE_ID}\ndirectory.id={directory_id}\n"


def _random_id() -> str:
    """As Kafka writes a UUID."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def broker_properties(*, listen: str, advertise: str, controller: str, data: Path, password: str) -> dict[str, str]:
    """Return the properties of a broker that is alone: addresses are host:port, `data` is where it keeps its logs."""
    login = (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="{USER}" password="{password}" user_{USER}="{password}";'
    )
    return {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{controller}",
        "listeners": f"CLIENT://{listen},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENT://{advertise}",
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": login,
        "listener.name.controller.plain.sasl.jaas.config": login,
        "log.dirs": str(data),
        **_ALONE,
    }


_ALONE: Final = {
    # What one node can do
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Nothing is created or delayed behind our back
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # A broker that was killed may come back after this, not after the usual nine seconds
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}

_LOG4J: Final = f"""\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern={LOG_PATTERN}
rootLogger.level=info
rootLogger.appenderRef.console.ref=console
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=warn
logger.metrics.name=org.apache.kafka.common.metrics
logger.metrics.level=warn
"""
