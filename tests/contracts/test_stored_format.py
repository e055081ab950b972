"""What was written once stays readable; what is damaged, foreign or newer is refused by name."""

import json
from pathlib import Path

import pytest

from contracts.events.backups import BackupRequested
from contracts.manifest import (
    BackupEntry,
    DanglingLine,
    DocumentLine,
    MalformedManifestError,
    Manifest,
    ManifestError,
    UnknownManifestError,
    parse,
    serialize,
)
from contracts.rewritten import parse_chain
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.first_format import unpack
from tests.support.manifests import manifest, tombstone

GOLDEN = Path(__file__).parent / "golden"
GOOD = sorted((GOLDEN / "manifest" / "good").iterdir())
BROKEN = {
    "content-name-is-a-path": (MalformedManifestError, "database.contents.0"),
    "cut-short": (MalformedManifestError, "cut short"),
    "dump-without-contents": (MalformedManifestError, "database.contents"),
    "empty": (MalformedManifestError, "not JSON"),
    "negative-size": (MalformedManifestError, "database.bytes"),
    "newer-version": (UnknownManifestError, "version 4, this release reads up to 3: upgrade"),
    "no-object": (MalformedManifestError, "no JSON object"),
    "not-utf-8": (MalformedManifestError, "UTF-8"),
    "time-without-zone": (MalformedManifestError, "restore_point"),
    "unknown-field": (MalformedManifestError, "colour"),
    "unknown-format": (UnknownManifestError, "somebody-elses"),
    "version-is-text": (MalformedManifestError, "version"),
    "without-database": (MalformedManifestError, "database"),
    "without-version": (MalformedManifestError, "version"),
}
KEY = bytes(range(32))
CONTENT = b"nightkeep content v1 \xf0\x9f\x8c\x99\n" * 40
CONTENT_NAME = "80b39c0d4b4c456f9b27fe7f2df789687a2d3db9152c06a3fec144468ed95912"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_what_was_ever_written_is_read_and_written_again_the_same(path: Path) -> None:
    data = path.read_bytes()
    assert json.loads(serialize(parse(data))) == json.loads(data)


def test_the_golden_files_are_what_this_release_writes() -> None:
    read = {path.stem: parse(path.read_bytes()) for path in GOOD}
    assert read["manifest-v3-proven"] == manifest()
    assert read["tombstone-v2"] == tombstone()


def test_there_is_an_expectation_for_every_broken_file() -> None:
    assert {path.stem for path in (GOLDEN / "manifest" / "broken").iterdir()} == set(BROKEN)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_manifest_is_refused_and_the_culprit_named(name: str) -> None:
    error, words = BROKEN[name]
    with pytest.raises(error, match=words) as refused:
        parse((GOLDEN / "manifest" / "broken" / f"{name}.json").read_bytes())
    assert isinstance(refused.value, ManifestError)


@pytest.mark.parametrize("length", range(0, 2000, 97))
def test_a_manifest_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(ManifestError):
        parse(serialize(manifest())[:length])


def test_a_manifest_tells_all_that_the_catalog_needs_to_make_its_entry_again() -> None:
    read = parse(serialize(manifest()))
    assert isinstance(read, Manifest)
    assert read.backup.model_dump() == manifest().backup.model_dump()
    others = {"recovered_at", "parcel", "read_all"}  # of an entry made again, of what is over when the backup is there
    assert set(BackupEntry.model_fields) == set(BackupRequested.model_fields) - others, "all that its first event says"


def test_a_chain_that_was_ever_written_is_read_and_written_again_the_same() -> None:
    data = (GOLDEN / "chain" / "chain-v1.json").read_bytes()
    assert json.loads(parse_chain(data).model_dump_json()) == json.loads(data)


@pytest.mark.parametrize(
    ("old", "new"), [(b'"version": 1', b'"version": 2'), (b"nightkeep-chain", b"other"), (b"}", b"")]
)
def test_a_chain_that_is_damaged_or_newer_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(MalformedManifestError):
        parse_chain((GOLDEN / "chain" / "chain-v1.json").read_bytes().replace(old, new))


def test_the_lists_are_lines_that_stay_readable() -> None:
    lines = (GOLDEN / "manifest-lines" / "documents.jsonl").read_bytes().splitlines()
    assert [json.loads(DocumentLine.model_validate_json(line).model_dump_json()) for line in lines] == [
        json.loads(line) for line in lines
    ]
    dangling = (GOLDEN / "manifest-lines" / "dangling.jsonl").read_bytes().splitlines()
    assert [DanglingLine.model_validate_json(line).size for line in dangling] == [4096, None]


def test_a_content_that_was_stored_once_stays_readable_under_its_name() -> None:
    stored = (GOLDEN / "content" / CONTENT_NAME).read_bytes()
    assert unpack(KEY, CONTENT_NAME, stored) == CONTENT


@pytest.mark.parametrize("stored", [b"", b"no frame", (GOLDEN / "content" / CONTENT_NAME).read_bytes()[:-4]])
def test_what_is_no_content_is_refused(stored: bytes) -> None:
    with pytest.raises(ContentCorruptError):
        unpack(KEY, CONTENT_NAME, stored)
