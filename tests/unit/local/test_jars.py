"""No jar is started that is not the one that the repository names."""

import hashlib
from pathlib import Path

import pytest

from infra.local.engines.jars import Jar, WrongJarError, class_path, locked_jars


def jar_of(content: bytes) -> Jar:
    return Jar(hashlib.sha256(content).hexdigest(), "org.example", "thing", "1.0")


def test_a_jar_with_the_right_bytes_is_used(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.jar").write_bytes(b"right")
    assert class_path([jar_of(b"right")], tmp_path) == [tmp_path / "thing-1.0.jar"]


def test_a_jar_with_other_bytes_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.jar").write_bytes(b"wrong")
    with pytest.raises(WrongJarError, match=r"thing-1\.0\.jar has SHA-256 .* remove .*thing-1\.0\.jar"):
        class_path([jar_of(b"right")], tmp_path)


def test_the_table_names_the_broker_first_and_every_jar_once() -> None:
    jars = locked_jars()
    assert jars[0].filename == "kafka_2.13-4.3.1.jar"
    assert len({jar.filename for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == 64 for jar in jars)


def test_every_part_of_the_broker_has_its_version_and_its_log_bridge_that_of_its_log4j() -> None:
    versions = {jar.artifact: jar.version for jar in locked_jars()}
    assert {versions[name] for name in versions if name.startswith("kafka")} == {"4.3.1"}
    assert versions["log4j-slf4j-impl"] == versions["log4j-core"]
