"""The stack on one machine, as a person runs it and as other programs see it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from infra.local.layout import Layout
from infra.local.ports import LOOPBACK, free_port
from infra.local.stack_identity import SERVICES, StackIdentity
from tests.support.local_stack import LocalStack, stack_directory
from tests.support.until import until

README = Path(__file__).parents[2] / "README.md"
ENGINES = ("kafka", "postgres", "seaweedfs")


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """One that is ready, with its sample, for all tests of this module."""
    with stack_directory() as directory:
        running = LocalStack(directory, environment={"NIGHTKEEP_HEALTH__SETTLE_SECONDS": "60"})
        output = directory.with_name("output")
        with output.open("w") as said:
            up = running.start(output=said)
            try:
                running.wait_ready()
                yield running
            finally:
                up.send_signal(signal.SIGTERM)
                up.wait(120)


def said(stack: LocalStack) -> str:
    """What `nightkeep up` printed so far."""
    return stack.data_dir.with_name("output").read_text()


def part(status: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in status["parts"] if found["name"] == name)


def test_its_status_says_what_other_programs_rely_on(stack: LocalStack) -> None:
    done = stack.run("status", "--json")
    status = json.loads(done.stdout)
    assert done.returncode == 0
    assert status["state"] == "ready"
    assert status["data_dir"] == str(stack.data_dir)
    assert {found["name"]: found["kind"] for found in status["parts"]} == {
        **dict.fromkeys(ENGINES, "engine"),
        **dict.fromkeys(SERVICES, "service"),
    }
    for found in status["parts"]:
        assert found["state"] == "ready"
        assert found["memory_bytes"] > 1_000_000
        assert {"pid", "address", "restarts", "started_at"} <= set(found)
    assert {"gateway_url", "kafka_bootstrap_servers", "postgres_dsn", "s3_endpoint_url", "repository_bucket"} <= set(
        status["endpoints"]
    )
    assert set(status["sample"]) == {"app_id", "environments", "credentials_file"}
    assert set(status["sample"]["environments"]) == {"production", "acceptance"}


def test_the_samples_credentials_open_the_gateway_and_are_for_their_owner_only(stack: LocalStack) -> None:
    status = stack.status()
    credentials_file = Path(status["sample"]["credentials_file"])
    assert credentials_file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(credentials_file.read_text())) == {"user", "api_key"}
    known = {environment["environment_id"] for environment in stack.answer("env", "list")}
    assert set(status["sample"]["environments"].values()) <= known


def test_the_program_in_the_readme_has_production_backed_up(stack: LocalStack, tmp_path: Path) -> None:
    program = tmp_path / "ask.py"
    program.write_text(README.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0])
    status = stack.status()
    words = (
        status["endpoints"]["connections_file"],
        status["sample"]["app_id"],
        status["sample"]["environments"]["production"],
    )
    done = subprocess.run([sys.executable, program, *words], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line.partition(" ") for line in done.stdout.splitlines()]
    assert [kind for kind, _, _ in told] == [
        f"nightkeep.event.{name}.v1" for name in ("BackupRequested", "BackupStarted", "BackupCompleted")
    ]
    assert json.loads(told[0][2])["created_by"] == "karla"


def test_its_programming_interface_is_documented_where_the_status_says(stack: LocalStack) -> None:
    assert httpx.get(f"{stack.status()['endpoints']['gateway_url']}/docs").is_success


def test_everything_listens_on_loopback_only(stack: LocalStack) -> None:
    listening = [
        connection.laddr.ip
        for connections in stack.of_each(lambda process: process.net_connections(kind="inet"))
        for connection in connections
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= len(ENGINES) + len(SERVICES)
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_no_generated_password_is_in_a_command_line_or_in_a_log(stack: LocalStack) -> None:
    secrets = StackIdentity.read(Layout(stack.data_dir)).passwords.values()
    words = [word for words in stack.of_each(lambda process: process.cmdline()) for word in words]
    logs = [log.read_text(errors="replace") for log in stack.data_dir.rglob("*.log")]
    assert not [secret for secret in secrets for text in (*words, *logs) if secret in text]


def test_what_is_secret_is_for_its_owner_only(stack: LocalStack) -> None:
    layout = Layout(stack.data_dir)
    files = [layout.identity_file, layout.connections_file, layout.state_file, layout.repository_key_file]
    files += [layout.engine("kafka") / "server.properties", layout.engine("seaweedfs") / "s3.json"]
    assert {path.name: path.stat().st_mode & 0o077 for path in (*files, *layout.secrets.iterdir())} == {
        path.name: 0 for path in (*files, *layout.secrets.iterdir())
    }


def test_killed_parts_are_started_again_and_it_is_said(stack: LocalStack) -> None:
    before = stack.status()
    victims = ("kafka", "postgres", "seaweedfs", "catalog", "gateway")
    for name in victims:
        psutil.Process(part(before, name)["pid"]).kill()

    def came_back() -> bool:
        status = stack.status()
        return status["state"] == "ready" and all(
            part(status, name)["restarts"] > part(before, name)["restarts"] for name in victims
        )

    until(came_back, within_seconds=240)
    after = stack.status()
    assert part(after, "retention")["pid"] == part(before, "retention")["pid"]
    for name in victims:
        assert f"{name} was killed by signal 9; starting it again in 0.5 s" in said(stack)


def test_a_service_that_stands_still_is_said_to_with_its_reason_until_it_has_settled(stack: LocalStack) -> None:
    service = psutil.Process(part(stack.status(), "retention")["pid"])
    service.suspend()
    try:
        until(lambda: "retention does not answer" in (stack.status()["trouble"] or ""), within_seconds=120)
        assert stack.status()["state"] == "degraded"
    finally:
        service.resume()
    until(lambda: "retention is not ready: stood still for" in (stack.status()["trouble"] or ""), within_seconds=120)
    stack.wait_ready()
    assert stack.status()["trouble"] is None


def test_logs_are_shown_by_part(stack: LocalStack) -> None:
    assert "started" in stack.run("logs", "catalog", "--lines", "1000").stdout
    assert "Kafka Server started" in stack.run("logs", "kafka", "--lines", "1000").stdout
    refused = stack.run("logs", "nothing")
    assert refused.returncode == 1
    assert "catalog" in refused.stderr


def test_a_second_supervisor_of_the_same_directory_is_refused(stack: LocalStack) -> None:
    done = stack.run("up")
    assert done.returncode == 1
    assert "runs in" in done.stderr
    assert stack.status()["state"] == "ready"


def test_an_asked_port_that_is_taken_is_refused_by_name() -> None:
    with stack_directory() as directory, socket.socket() as taken:
        port = free_port()
        taken.bind((LOOPBACK, port))
        taken.listen()
        done = LocalStack(directory).run("up", "--port", str(port))
        assert done.returncode == 1
        assert f"gateway={port}" in done.stdout + done.stderr


@pytest.mark.parametrize("port", ["0", "55536", "kafka=x", "nothing=8080"])
def test_a_port_that_cannot_be_is_refused_with_those_that_can(port: str) -> None:
    with stack_directory() as directory:
        done = LocalStack(directory).run("up", "--port", port)
        assert done.returncode == 1
        assert "from 1 to 55535, with one of gateway, kafka, postgres, seaweedfs" in done.stderr
        assert not directory.exists()


def test_a_directory_of_somebody_else_is_not_used_and_not_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    theirs = LocalStack(tmp_path)
    assert theirs.run("up").returncode == 1
    purged = theirs.run("down", "--purge")
    assert purged.returncode == 1
    assert "not a directory of nightkeep" in purged.stderr
    assert (tmp_path / "thesis.txt").exists()


def test_what_was_never_started_has_no_logs_and_nothing_to_remove() -> None:
    with stack_directory() as directory:
        stack = LocalStack(directory)
        told = stack.run("logs", "--follow")
        assert told.returncode == 1
        assert "`nightkeep up` starts" in told.stderr
        purged = stack.run("down", "--purge")
        assert purged.returncode == 0
        assert "nothing to remove" in purged.stdout


def test_what_was_never_started_is_down() -> None:
    with stack_directory() as directory:
        done = LocalStack(directory).run("status", "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["state"] == "down"
        assert "`nightkeep up` starts it" in LocalStack(directory).run("status").stdout
