"""Settings are read whole or refused by name, and never shown with their secrets."""

import os

import pytest

from services.platform.process.reading import SettingsError, read_settings
from services.platform.process.settings import Settings

NEEDED = {
    "NIGHTKEEP_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
    "NIGHTKEEP_POSTGRES__HOST": "db",
    "NIGHTKEEP_POSTGRES__USER": "catalog",
    "NIGHTKEEP_POSTGRES__PASSWORD": "hunter2",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what every service needs."""
    for name in [name for name in os.environ if name.startswith("NIGHTKEEP_")]:
        monkeypatch.delenv(name)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(Settings)
    return caught.value.reason


def test_what_is_not_said_has_the_defaults_of_the_specification() -> None:
    settings = read_settings(Settings)
    assert settings.postgres.password.get_secret_value() == "hunter2"
    assert (settings.worker.capacity, settings.worker.per_environment, settings.worker.per_host) == (2, 1, 4)
    assert (settings.worker.lease_seconds, settings.worker.heartbeat_seconds) == (60, 15)
    assert (settings.worker.no_progress_seconds, settings.worker.tries) == (900, 5)
    assert (settings.kafka.replication_factor, settings.kafka.session_timeout_seconds) == (3, 10)


def test_an_empty_text_is_no_recovery_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_REPOSITORY__KEY_FILE", "/run/nightkeep/keys/repository")
    monkeypatch.setenv("NIGHTKEEP_REPOSITORY__RECOVERY_KEY_FILE", "")
    repository = read_settings(Settings).repository
    assert repository is not None
    assert repository.recovery_key_file is None


def test_a_backups_reads_have_a_limit_in_bytes_where_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(Settings).source.read_bytes_per_second is None
    for text, limit in (("", None), ("20MiB", 20 * 1024 * 1024), ("65536", 65536)):
        monkeypatch.setenv("NIGHTKEEP_SOURCE__READ_BYTES_PER_SECOND", text)
        assert read_settings(Settings).source.read_bytes_per_second == limit


@pytest.mark.parametrize("text", ["0", "65535", "-1", "fast"])
def test_a_limit_that_nothing_could_be_read_under_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_SOURCE__READ_BYTES_PER_SECOND", text)
    assert "NIGHTKEEP_SOURCE__READ_BYTES_PER_SECOND" in refusal()


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_is_missing_is_named_as_the_environment_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    assert name.rpartition("__")[0] in refusal()


@pytest.mark.parametrize("name", ["NIGHTKEEP_KAFKA__BOOTSTRAP_SERVER", "NIGHTKEEP_KAKFA__USERNAME", "NIGHTKEEP_LOGS"])
def test_an_unknown_key_is_refused_by_name_and_without_its_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "a-secret-value")
    reason = refusal()
    assert name in reason
    assert "a-secret-value" not in reason


@pytest.mark.parametrize(
    "name", ["NIGHTKEEP_URL", "NIGHTKEEP_TEST_ENGINES", "NIGHTKEEP_STACK_ID", "PATH_OF_NIGHTKEEP_"]
)
def test_keys_of_other_programs_of_nightkeep_disturb_no_service(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x")
    read_settings(Settings)


def test_a_wrong_value_is_refused_without_being_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_POSTGRES__PORT", "hunter2")
    reason = refusal()
    assert "NIGHTKEEP_POSTGRES__PORT" in reason
    assert "hunter2" not in reason


def test_a_heartbeat_that_does_not_fit_into_the_lease_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_WORKER__HEARTBEAT_SECONDS", "40")
    assert "heartbeat_seconds must fit" in refusal()


def test_settings_show_no_secret() -> None:
    settings = read_settings(Settings)
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
