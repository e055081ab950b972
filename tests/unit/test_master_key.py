"""The master key comes from a file, a setting or a command, and is told by none of their errors."""

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.platform.process.settings import RepositorySettings
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.master_key import read_master_key

TEXT = "ab" * 32


def printing(text: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})")


def test_a_key_is_read_from_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(TEXT)
    path.chmod(0o600)
    for settings in (
        RepositorySettings(key_file=path),
        RepositorySettings(key=SecretStr(TEXT)),
        RepositorySettings(key_command=printing(TEXT)),
    ):
        assert read_master_key(settings) == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "ab", "zz" * 32])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    for settings in (RepositorySettings(key_command=printing(text)), RepositorySettings(key=SecretStr(text or "-"))):
        with pytest.raises(RepositoryKeyError, match="must hold 32 bytes in hexadecimal") as refused:
            read_master_key(settings)
        assert len(text) < 3 or text not in refused.value.reason


def test_a_command_that_fails_or_is_not_there_is_named_and_what_it_printed_is_not() -> None:
    for command in (printing(TEXT, code=3), ("/absent/get-key",)):
        with pytest.raises(RepositoryKeyError, match="told no key") as refused:
            read_master_key(RepositorySettings(key_command=command))
        assert command[0] in refused.value.reason
        assert TEXT not in refused.value.reason


def test_one_way_and_no_other_is_given() -> None:
    for given in ({}, {"key": TEXT, "key_command": ["get-key"]}):
        with pytest.raises(ValidationError, match="in one way"):
            RepositorySettings.model_validate(given)
