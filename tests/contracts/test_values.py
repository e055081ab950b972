"""What people type is refused in words that they understand."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.values import Comment, DirectoryFiles, Identifier, Name, S3Files, Sql


def refusal(shape: Any, value: object) -> str:  # noqa: ANN401 -- whatever has a schema
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(shape).validate_python(value)
    return str(refused.value.errors(include_url=False)[0]["msg"])


@pytest.mark.parametrize("text", ["", "   ", "\t\n"])
def test_a_name_of_nothing_but_space_is_none(text: str) -> None:
    assert refusal(Name, text) == "String should have at least 1 character"


def test_a_name_loses_the_space_around_it() -> None:
    assert TypeAdapter(Name).validate_python(" Čapek shop ") == "Čapek shop"


@pytest.mark.parametrize(
    ("shape", "limit"),
    [(Comment, 1_000), (Name, 200), (Sql, 20_000), (Identifier, 63)],
    ids=["comment", "name", "sql", "identifier"],
)
def test_a_text_that_is_too_long_is_told_its_limit_in_characters(shape: object, limit: int) -> None:
    assert refusal(shape, "ä" * (limit + 1)) == f"String should have at most {limit} characters"


@pytest.mark.parametrize("shape", [Comment, Name, Sql, Identifier])
def test_no_text_holds_a_nul(shape: object) -> None:
    assert "NUL" in refusal(shape, "a\x00b")


def test_places_are_refused_in_characters_too() -> None:
    assert refusal(DirectoryFiles, {"path": "/"}) == "String should have at least 2 characters"
    bucket = {"bucket": "x", "credentials": "secret:files"}
    assert refusal(S3Files, bucket) == "String should have at least 3 characters"
