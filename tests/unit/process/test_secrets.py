"""Secrets are read from files that only their owner may read."""

from pathlib import Path

import pytest

from contracts.errors import FailureCode
from services.platform.process.secrets import SecretDirectory, SecretNotFoundError, SecretPermissionError


def keep(directory: Path, name: str, text: str, mode: int = 0o600) -> None:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_a_secret_is_the_text_of_its_file_without_the_editors_line_feed(tmp_path: Path) -> None:
    keep(tmp_path, "shop-db", "päss wörd\n\n")
    secret = SecretDirectory(tmp_path).resolve("secret:shop-db")
    assert secret.get_secret_value() == "päss wörd\n"
    assert "päss" not in repr(secret)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_secret_that_others_may_touch_is_refused_with_its_mode(tmp_path: Path, mode: int) -> None:
    keep(tmp_path, "shop-db", "hunter2", mode)
    with pytest.raises(SecretPermissionError, match=f"{mode:04o}") as caught:
        SecretDirectory(tmp_path).resolve("secret:shop-db")
    assert "hunter2" not in caught.value.reason


def test_a_missing_secret_says_how_to_store_it(tmp_path: Path) -> None:
    with pytest.raises(SecretNotFoundError, match="nightkeep secret put shop-db") as caught:
        SecretDirectory(tmp_path).resolve("secret:shop-db")
    assert caught.value.code is FailureCode.SECRET_MISSING


@pytest.mark.parametrize(
    "reference",
    ["hunter2", "secret:!", "secret:../etc/passwd", "secret:a/b", "secret:.hidden", "secret:a b", "x:secret:a"],
)
def test_what_is_no_reference_is_refused_without_being_repeated(tmp_path: Path, reference: str) -> None:
    with pytest.raises(SecretNotFoundError) as caught:
        SecretDirectory(tmp_path).resolve(reference)
    assert reference not in caught.value.reason


def test_a_directory_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "shop-db").mkdir()
    with pytest.raises(SecretNotFoundError, match="no file"):
        SecretDirectory(tmp_path).resolve("secret:shop-db")


def test_a_mounted_secret_behind_a_link_is_found(tmp_path: Path) -> None:
    keep(tmp_path, "data", "hunter2")
    (tmp_path / "shop-db").symlink_to(tmp_path / "data")
    assert SecretDirectory(tmp_path).resolve("secret:shop-db").get_secret_value() == "hunter2"
