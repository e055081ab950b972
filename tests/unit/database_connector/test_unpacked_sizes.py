"""How large a dump is unpacked, told from its script: the same wherever the pipe cuts it."""

from hypothesis import given
from hypothesis import strategies as st

from services.platform.connectors.database.loading.whole import counted

OBJECT = b"SELECT pg_catalog.lowrite(0, '\\x" + b"0f" * 16384 + b"');\n"
SCRIPT = b"COPY t FROM stdin;\nabc\t0123\n\\.\n" + OBJECT * 3 + b"SELECT pg_catalog.lo_close(0);\n"


def cut(places: list[int]) -> list[bytes]:
    ends = [*sorted(places), len(SCRIPT)]
    return [SCRIPT[begin:end] for begin, end in zip([0, *ends], ends, strict=False) if end > begin]


@given(st.lists(st.integers(0, len(SCRIPT)), max_size=40))
def test_large_objects_count_as_their_bytes_wherever_the_script_is_cut(places: list[int]) -> None:
    size = len(SCRIPT) - 3 * 16384
    sizes = list(counted(cut([place - place % 1024 for place in places])))
    assert abs(sum(sizes) - size) < 60
    assert min(sizes) >= 0
