"""Spans of policies as people write and read them."""

import pytest
import typer

from contracts.retention import Window
from services.cli.windows import read_window, spelled


@pytest.mark.parametrize(
    ("text", "window", "words"),
    [
        ("14d", Window(days=14), "14 days"),
        ("2w", Window(days=14), "14 days"),
        ("3m", Window(months=3), "3 months"),
        ("1y", Window(months=12), "1 year"),
        ("1y6m", Window(months=18), "1 year, 6 months"),
        ("1m1d", Window(months=1, days=1), "1 month, 1 day"),
    ],
)
def test_a_span_is_read_and_spelled(text: str, window: Window, words: str) -> None:
    assert read_window(text) == window
    assert spelled(window) == words


@pytest.mark.parametrize("text", ["", "14", "d", "14 d", "-3d", "3x", "0d", "1d2", "999999y", "3m,2d", "\u0661\u0664d"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"14d|at least"):
        read_window(text)
