"""What an archive is estimated to take is close to what it takes, whatever its dump and documents are like."""

import hashlib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.archives import DataType
from services.platform.archives.dump.lengths import without_lengths
from services.platform.archives.dump.reading import int_bytes
from services.platform.archives.estimating import estimate
from services.platform.archives.workshop import Workshop
from tests.support.archiving import archived, documents, repository_in, stored
from tests.support.downloading import ENTRIES
from tests.support.dumps import blobs_block, data_block, dump


def rows(count: int, length: int) -> list[bytes]:
    """Rows of numbers and noise, `length` characters of it."""
    noise = (hashlib.sha512(b"%d" % number).hexdigest()[:length].encode() for number in range(count))
    return [b"%d\t%s\n" % (number, one) for number, one in enumerate(noise)]


@pytest.mark.parametrize(("count", "length"), [(100_000, 4), (20_000, 100), (100, 10)])
async def test_an_estimate_is_within_a_twentieth(tmp_path: Path, count: int, length: int) -> None:
    repository = repository_in(tmp_path)
    alike = blobs_block(3, {7: [b"large" * 3_000] * 100})  # a twentieth or more of the dump, and nothing of the archive
    sent = documents(300, 1_000) | documents(100, 20_000, seed=2) | documents(3, 900_000, seed=3)
    backup = await stored(repository, dump(ENTRIES, data_block(2, *rows(count, length)), alike), sent)
    with Workshop.open(2) as workshop:
        for kind in DataType:
            estimated = await estimate(repository, backup, kind, workshop)
            archive = await archived(repository, backup, kind, workshop)
            assert estimated == pytest.approx(archive.indexed.size_bytes, rel=0.05), kind


ROWS: Final = st.lists(
    st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1, max_size=50).map(str.encode),
    min_size=20,
    max_size=100,
)


@given(chunks=ROWS, cut=st.integers(0, 60))
def test_the_lengths_of_rows_are_left_out_wherever_a_stretch_begins(chunks: list[bytes], cut: int) -> None:
    stretch = b"".join(int_bytes(len(chunk)) + chunk for chunk in chunks)[cut:]
    shorter = len(stretch) - len(without_lengths(stretch))
    assert shorter >= len(int_bytes(0)) * (len(chunks) - 10)  # so many shortest rows are in what was cut off


@given(st.binary(max_size=40))
def test_what_is_too_short_for_a_chain_of_rows_stays_as_it_is(stretch: bytes) -> None:
    assert without_lengths(stretch) == stretch
