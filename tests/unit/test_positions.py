"""What a consumer does with an event that arrives."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.platform.eventstore.positions import Position, Verdict, judge

ids = st.integers(min_value=1).map(lambda number: UUID(int=number % 2**128))


def delivered(order: list[int], events: list[UUID]) -> list[int]:
    """The sequences that had an effect when they came in this order, the early ones waiting until they are next."""
    position, effects, waiting = Position(), list[int](), list[int]()
    for arrived in order:
        waiting.append(arrived)
        for sequence in sorted(waiting):
            verdict = judge(position, sequence, events[sequence - 1])
            if verdict is Verdict.NEXT:
                position = Position(sequence, events[sequence - 1])
                effects.append(sequence)
            if verdict is not Verdict.EARLY:
                waiting.remove(sequence)
    return effects


@given(st.integers(1, 8).flatmap(lambda count: st.lists(st.integers(1, count), max_size=30).map(lambda o: (count, o))))
def test_whatever_comes_twice_or_out_of_order_has_its_effect_once_and_in_order(case: tuple[int, list[int]]) -> None:
    count, order = case
    events = [uuid4() for _ in range(count)]
    assert delivered([*order, *range(1, count + 1)], events) == list(range(1, count + 1))


@given(st.integers(1, 100), ids, ids)
def test_another_event_at_the_same_place_is_a_parting(sequence: int, known: UUID, other: UUID) -> None:
    expected = Verdict.SEEN if known == other else Verdict.PARTED
    assert judge(Position(sequence, known), sequence, other) is expected
