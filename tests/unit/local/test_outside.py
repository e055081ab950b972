"""Settings that name an engine outside are taken as they are, and nothing is started for it."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.connections import Connections
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.outside import Outside, read_outside
from infra.local.programs import Programs
from infra.local.stack_identity import StackIdentity
from services.platform.process.settings import Settings

KAFKA = {
    "NIGHTKEEP_KAFKA__BOOTSTRAP_SERVERS": "kafka.example:9093",
    "NIGHTKEEP_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
    "NIGHTKEEP_KAFKA__SASL_MECHANISM": "SCRAM-SHA-512",
    "NIGHTKEEP_KAFKA__USERNAME": "nightkeep",
    "NIGHTKEEP_KAFKA__PASSWORD": "kafka-password",
    "NIGHTKEEP_KAFKA__CA_FILE": "/etc/ssl/kafka.pem",
}
POSTGRES = {
    "NIGHTKEEP_POSTGRES__HOST": "postgres.example",
    "NIGHTKEEP_POSTGRES__USER": "administrator",
    "NIGHTKEEP_POSTGRES__PASSWORD": "postgres-password",
    "NIGHTKEEP_POSTGRES__SSLMODE": "verify-full",
    "NIGHTKEEP_POSTGRES__CA_FILE": "/etc/ssl/postgres.pem",
}
S3 = {
    "NIGHTKEEP_S3__ENDPOINT_URL": "https://s3.example",
    "NIGHTKEEP_S3__BUCKET": "backups",
    "NIGHTKEEP_S3__ACCESS_KEY_ID": "key",
    "NIGHTKEEP_S3__SECRET_ACCESS_KEY": "s3-secret",
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    return layout


def stack_of(layout: Layout, outside: Outside, inherited: dict[str, str]) -> Programs:
    identity, _ = StackIdentity.make(uuid4(), datetime.now(UTC)).settle_ports({})
    return Programs(layout, identity, Connections.make(outside, identity, layout), inherited)


def engines(programs: Programs) -> list[str]:
    return [engine.name for engine in programs.connections.engines]


def settings_of(programs: Programs, service: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the service reads from the environment that it is given."""
    for key, value in programs.service(service).command().environment.items():
        monkeypatch.setenv(key, value)
    return Settings()


def test_without_settings_all_three_engines_are_ours(layout: Layout) -> None:
    assert engines(stack_of(layout, Outside(), {})) == ["kafka", "postgres", "seaweedfs"]


def test_a_named_kafka_is_used_with_its_tls_and_login(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in KAFKA.items():
        monkeypatch.setenv(key, value)
    programs = stack_of(layout, read_outside(), dict(KAFKA))
    kafka = settings_of(programs, "catalog", monkeypatch).kafka
    assert engines(programs) == ["postgres", "seaweedfs"]
    assert (kafka.security_protocol, kafka.sasl_mechanism, str(kafka.ca_file)) == (
        "SASL_SSL",
        "SCRAM-SHA-512",
        "/etc/ssl/kafka.pem",
    )
    assert kafka.password
    assert kafka.password.get_secret_value() == "kafka-password"


def test_a_named_postgresql_is_used_with_tls_and_the_services_own_role(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in POSTGRES.items():
        monkeypatch.setenv(key, value)
    programs = stack_of(layout, read_outside(), dict(POSTGRES))
    postgres = settings_of(programs, "catalog", monkeypatch).postgres
    assert engines(programs) == ["kafka", "seaweedfs"]
    assert (postgres.host, postgres.user, postgres.sslmode) == ("postgres.example", "catalog", "verify-full")
    assert postgres.password.get_secret_value() == programs.identity.passwords["catalog"]


def test_only_the_setup_gets_the_administrators_password(layout: Layout) -> None:
    programs = stack_of(layout, Outside(), {})
    secret = programs.connections.postgres.password.get_secret_value()
    assert secret in programs.provision().environment.values()
    assert secret not in programs.service("catalog").command().environment.values()


def test_a_named_store_is_used(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in S3.items():
        monkeypatch.setenv(key, value)
    programs = stack_of(layout, read_outside(), dict(S3))
    s3 = settings_of(programs, "snapshot", monkeypatch).s3
    assert engines(programs) == ["kafka", "postgres"]
    assert s3
    assert (s3.endpoint_url, s3.bucket) == ("https://s3.example", "backups")


def test_half_of_a_setting_is_refused_by_name_and_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_S3__SECRET_ACCESS_KEY", "a-real-secret")
    with pytest.raises(StackError, match="NIGHTKEEP_S3__BUCKET") as refused:
        read_outside()
    assert "a-real-secret" not in refused.value.reason


def test_a_setting_that_nobody_knows_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_KAFAK__PASSWORD", "a-real-secret")
    with pytest.raises(StackError, match="unknown settings: NIGHTKEEP_KAFAK__PASSWORD: correct") as refused:
        read_outside()
    assert "a-real-secret" not in refused.value.reason


def test_no_secret_is_in_any_command_line(layout: Layout) -> None:
    programs = stack_of(layout, Outside(), {})
    services = [programs.service(name).command() for name in ("catalog", "gateway")]
    commands = [*services, programs.provision(), programs.sample()]
    words = [word for command in commands for word in command.leashed(parent=1)]
    assert not [word for word in words for secret in programs.identity.passwords.values() if secret in word]


def test_settings_for_services_reach_them_and_those_for_others_do_not(layout: Layout) -> None:
    inherited = {"NIGHTKEEP_WORKER__CAPACITY": "5", "NIGHTKEEP_DATA_DIR": "/srv", "NIGHTKEEP_API_KEY": "k", "TZ": "UTC"}
    environment = stack_of(layout, Outside(), inherited).service("snapshot").command().environment
    assert environment["NIGHTKEEP_WORKER__CAPACITY"] == "5"
    assert environment["TZ"] == "UTC"
    assert not {"NIGHTKEEP_DATA_DIR", "NIGHTKEEP_API_KEY"} & set(environment)
