"""The codec and the golden files agree, whatever release wrote them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime

from contracts.codec import RawRecord, body_hash, decode, encode, read_id
from contracts.envelope import Body, Kind
from contracts.errors import DecodeError
from contracts.registry import BODIES, wire_type
from contracts.upcasts import Data, upcast
from tests.contracts.golden_messages import BROKEN, EARLIER, WRITTEN, read, record


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_every_message_ever_written_is_still_read(path: Path) -> None:
    golden = read(path)
    message = decode(record(golden))
    again = encode(message)
    assert json.loads(again.value or b"") == golden["data"]
    assert {name: value.decode() for name, value in again.headers} == golden["headers"]
    assert again.key == golden["key"].encode()
    assert decode(again) == message


@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.stem)
def test_what_was_written_before_a_field_was_added_is_read_with_its_default(path: Path) -> None:
    golden = read(path)
    message = decode(record(golden))
    told = json.loads(encode(message).value or b"")
    assert {name: told[name] for name in golden["data"]} == golden["data"]
    assert set(told) - set(golden["data"]) == set(type(message.body).model_fields) - message.body.model_fields_set


@pytest.mark.parametrize("body", BODIES.values(), ids=lambda body: body.__name__)
def test_every_message_of_this_release_has_its_golden_file(body: type[Body]) -> None:
    path = Path(__file__).parent / "golden" / "messages" / f"{body.__name__}.v{body.VERSION}.json"
    assert read(path)["headers"]["ce_type"] == wire_type(body)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_record_is_refused_with_its_exact_reason(path: Path) -> None:
    golden = read(path)
    with pytest.raises(DecodeError) as refused:
        decode(record(golden))
    assert type(refused.value).__name__ == golden["expected"]["error"]
    assert refused.value.field == golden["expected"]["field"]
    assert golden["expected"]["says"] in refused.value.reason


@pytest.mark.parametrize(
    "path", [path for path in BROKEN if path.stem.startswith("literal")], ids=lambda path: path.stem
)
def test_a_refusal_never_repeats_the_secret(path: Path) -> None:
    with pytest.raises(DecodeError) as refused:
        decode(record(read(path)))
    chain: list[BaseException] = list(_causes(refused.value))
    assert not any("hunter2" in repr(error) or "AKIA" in repr(error) for error in chain)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from(["ce_id", "ce_type", "ce_time"]), st.binary(max_size=60))),
)
def test_any_bytes_decode_or_are_refused_by_name(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    hostile = RawRecord(b"key", value, tuple(headers))
    read_id(hostile)
    body_hash(hostile)
    with pytest.raises(DecodeError):
        decode(hostile)


def test_deeply_nested_data_is_refused_and_does_not_exhaust_the_stack() -> None:
    nested = replace(record(read(WRITTEN[0])), value=b"[" * 200_000)
    with pytest.raises(DecodeError):
        decode(nested)


@pytest.mark.parametrize("comment", ["plain", "é € 😀", r"a \u0000 that is spelt out"], ids=ascii)
@pytest.mark.parametrize(
    "spelt",
    [
        lambda data: json.dumps(data, indent=4).encode(),
        lambda data: json.dumps(data, ensure_ascii=False).encode(),
        lambda data: json.dumps(data).encode("utf-16"),
        lambda data: json.dumps(data).encode("utf-8-sig"),
        lambda data: b'{"comment": "the last one holds", ' + json.dumps(data).encode()[1:],
    ],
    ids=["indented", "unescaped", "UTF-16", "with a mark", "a name twice"],
)
def test_a_body_is_the_same_however_its_json_is_spelt(spelt: Callable[[Data], bytes], comment: str) -> None:
    golden = record(read(next(path for path in WRITTEN if path.stem == "RequestBackup.v1")))
    data = json.loads(golden.value or b"") | {"comment": comment}
    found = decode(replace(golden, value=spelt(data))).body
    assert found == type(found).model_validate_json(json.dumps(data))


def test_the_body_hash_ignores_spelling_and_sees_content() -> None:
    golden = record(read(next(path for path in WRITTEN if path.stem == "RequestBackup.v1")))
    data = json.loads(golden.value or b"")
    respelt = replace(golden, value=json.dumps(dict(reversed(data.items())), indent=4).encode())
    changed = replace(golden, value=json.dumps(data | {"comment": "another"}).encode())
    assert body_hash(respelt) == body_hash(golden)
    assert body_hash(changed) != body_hash(golden)


def test_older_data_climbs_the_chain_one_version_at_a_time() -> None:
    def to_second(data: Data) -> Data:
        return data | {"second": True}

    def to_third(data: Data) -> Data:
        return data | {"third": data["second"]}

    chain = {(Kind.EVENT, "Sample", 1): to_second, (Kind.EVENT, "Sample", 2): to_third}
    found = upcast(Kind.EVENT, "Sample", {}, version=1, wanted=3, upcasts=chain)
    assert found == {"second": True, "third": True}


@pytest.mark.parametrize("body", BODIES.values(), ids=lambda body: body.__name__)
def test_every_instant_on_the_wire_has_its_zone(body: type[Body]) -> None:
    for name, field in body.model_fields.items():
        if name.endswith("_at") or name == "restore_point":
            assert field.annotation in {AwareDatetime, AwareDatetime | None}
