"""A service process: waits for its engines, says how it is, ends in order, and dies loudly."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.http import UNVERIFIED
from infra.local.ports import free_port
from services.platform.process.settings import PostgresSettings
from tests.support.databases import FreshDatabase
from tests.support.until import until

ROOT = Path(__file__).parents[2]


@dataclass
class Small:
    """The small service as a process."""

    process: subprocess.Popen[bytes]
    port: int
    file: Path
    said: Path

    def get(self, path: str) -> httpx.Response | None:
        """What its health server answers, or None while nobody listens."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60, trust_env=False, verify=UNVERIFIED)
        except httpx.TransportError:
            return None

    def answers(self, path: str, status: int) -> bool:
        """Whether it answers so now."""
        answer = self.get(path)
        return answer is not None and answer.status_code == status

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit code and log after a signal."""
        self.process.send_signal(number)
        return self.log()

    def log(self) -> tuple[int, str]:
        """Its exit code and log at its end."""
        return self.process.wait(timeout=60), self.said.read_text()


@contextmanager
def small(what: str, file: Path, settings: PostgresSettings, more: Mapping[str, str] = {}) -> Iterator[Small]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTKEEP_")} | {
        "NIGHTKEEP_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "NIGHTKEEP_POSTGRES__HOST": settings.host,
        "NIGHTKEEP_POSTGRES__PORT": str(settings.port),
        "NIGHTKEEP_POSTGRES__DATABASE": settings.database,
        "NIGHTKEEP_POSTGRES__USER": settings.user,
        "NIGHTKEEP_POSTGRES__PASSWORD": settings.password.get_secret_value(),
        "NIGHTKEEP_HEALTH__PORT": str(port),
        **more,
    }
    command = [sys.executable, "-m", "tests.support.small_service", what, str(file)]
    said = file.with_name(f"said-{port}")
    with said.open("wb") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors)
    try:
        yield Small(process, port, file, said)
    finally:
        process.kill()
        process.wait()


def canonical(log: str) -> list[dict[str, Any]]:
    """The lines about the whole life of the service."""
    said = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line for line in said if line["event"] == "service"]


@pytest.fixture
def settings(fresh_database: FreshDatabase) -> PostgresSettings:
    return fresh_database("catalog")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_asked_to_end_closes_everything_in_order(
    number: signal.Signals, settings: PostgresSettings, tmp_path: Path
) -> None:
    with small("live", tmp_path / "ready", settings) as service:
        until(lambda: service.answers("/readyz", 503) and '"wired":true' in _text(service, "/readyz"))
        code, log = service.end(number)
    assert code == 0
    assert log.index("a task was ended in order") < log.index("closed in order")
    assert [line["outcome"] for line in canonical(log)] == ["ended"]


def test_alive_and_ready_are_two_answers(settings: PostgresSettings, tmp_path: Path) -> None:
    with small("live", tmp_path / "ready", settings) as service:
        until(lambda: service.answers("/healthz", 200))
        assert service.answers("/readyz", 503)
        service.file.touch()
        until(lambda: service.answers("/readyz", 200))
        checks = {"wired": True, "event loop": True, "file": True}
        assert json.loads(_text(service, "/readyz")) == {"ready": True, "checks": checks, "reasons": {}}
        service.file.unlink()
        assert service.answers("/readyz", 503)
        assert "nightkeep_jobs" in _text(service, "/metrics") or "process_" in _text(service, "/metrics")


def test_a_service_whose_event_loop_stands_still_says_where_and_is_not_relied_on_for_a_while(
    settings: PostgresSettings, tmp_path: Path
) -> None:
    quick = {"NIGHTKEEP_HEALTH__STALL_SECONDS": "2", "NIGHTKEEP_HEALTH__SETTLE_SECONDS": "30"}
    with small("stand", tmp_path / "ready", settings, quick) as service:
        until(lambda: service.answers("/healthz", 200))
        service.file.touch()
        until(lambda: "the event loop stands still" in service.said.read_text())
        until(lambda: service.answers("/readyz", 503) and "stood still for" in _text(service, "/readyz"))
        assert json.loads(_text(service, "/readyz"))["checks"]["event loop"] is False
        until(lambda: service.answers("/readyz", 200))
        assert 'nightkeep_event_loop_lag_seconds_bucket{le="2.5"}' in _text(service, "/metrics")
        said = [json.loads(line) for line in service.said.read_text().splitlines() if line.startswith("{")]
        stands = [line["where"][-1] for line in said if line["event"] == "the event loop stands still"]
        assert any(where.endswith(" stand") for where in stands)


def test_a_service_whose_engine_is_absent_lives_and_keeps_trying(settings: PostgresSettings, tmp_path: Path) -> None:
    nowhere = settings.model_copy(update={"port": free_port()})
    with small("live", tmp_path / "ready", nowhere) as service:
        until(lambda: service.answers("/healthz", 200))
        until(lambda: "will try again" in service.said.read_text())
        assert service.answers("/readyz", 503)
        code, log = service.end(signal.SIGTERM)
    assert code == 0
    assert settings.password.get_secret_value() not in log


def test_a_task_that_dies_ends_the_process_with_one_canonical_line(settings: PostgresSettings, tmp_path: Path) -> None:
    with small("die", tmp_path / "now", settings) as service:
        until(lambda: service.answers("/healthz", 200))
        service.file.touch()
        code, log = service.log()
    assert code == 1
    assert [(line["outcome"], line["error"]) for line in canonical(log)] == [("failed", "LookupError: on purpose")]
    assert log.index("a task was ended in order") < log.index("closed in order")


def test_a_taken_port_ends_the_process_by_name(settings: PostgresSettings, tmp_path: Path) -> None:
    with small("live", tmp_path / "ready", settings) as first:
        until(lambda: first.answers("/healthz", 200))
        taken = {"NIGHTKEEP_HEALTH__PORT": str(first.port)}
        with small("live", tmp_path / "ready", settings, taken) as second:
            code, log = second.log()
    assert code == 1
    assert "is it taken?" in log


def test_wrong_settings_end_the_process_before_anything_starts(settings: PostgresSettings, tmp_path: Path) -> None:
    with small("live", tmp_path / "ready", settings, {"NIGHTKEEP_KAFKA__TYPO": "x"}) as service:
        code, log = service.log()
    assert code == 2
    assert "NIGHTKEEP_KAFKA__TYPO" in log


def _text(service: Small, path: str) -> str:
    answer = service.get(path)
    return answer.text if answer else ""
