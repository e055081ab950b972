"""A line of the scratch file is, byte for byte, the contract's."""

import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.manifest import DocumentLine
from services.platform.connectors.files import joined
from services.snapshot.scratch.rows import document_line, kept_line

NAMES = st.binary(min_size=32, max_size=32).map(lambda digest: f"b3:{digest.hex()}")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=50)


@given(
    st.uuids(), TEXTS, st.integers(0, 2**60), TEXTS, TEXTS, st.lists(NAMES, min_size=1, max_size=3), NAMES,
    st.booleans(), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_line_is_the_one_that_the_contract_writes(  # noqa: PLR0913, PLR0917 -- the columns
    document_id: UUID, directory_of: str, size: int, stamp: str, directory: str, contents: list[str], whole: str,
    settled: bool, vanished: bool, referenced: bool, proven: bool,  # noqa: FBT001 -- the columns
) -> None:  # fmt: skip
    place = f"{directory_of}/{document_id}"
    row = (
        document_id.bytes, place, size, stamp, settled, json.dumps(contents), whole, vanished, referenced, directory,
    )  # fmt: skip
    line = DocumentLine(
        id=document_id,
        place=place,
        size=size,
        stamp=joined(stamp, directory),
        settled=settled,
        referenced=referenced if proven else None,
        contents=tuple(contents),
        hash=whole,
        from_previous=vanished,
    )
    written = line.model_dump_json().encode() + b"\n"
    assert document_line(row, proven=proven) == written
    for before in (None, False, True):
        earlier = line.model_copy(update={"referenced": before}).model_dump_json()
        assert kept_line((document_id.bytes, earlier, before, referenced), proven=proven) == written
