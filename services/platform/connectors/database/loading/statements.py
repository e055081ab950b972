"""SQL as `pg_restore` prints it, cut into statements and tokens; knows quotes and comments, and no more grammar."""

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<string> \bE'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<quoted> "(?:[^"]|"")*" )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
SPACE: Final = " "
_META: Final = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)
"""Lines for psql, which newer tools put around a script."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon: its tokens, a single space for every stretch of white space and comments."""

    tokens: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The statement as text."""
        return "".join(self.tokens)

    @property
    def places(self) -> list[int]:
        """Where the tokens are that are no white space."""
        return [place for place, token in enumerate(self.tokens) if token != SPACE]

    def begins(self, *words: str) -> bool:
        """Whether it begins with these words."""
        return tuple(self.tokens[place] for place in self.places[: len(words)]) == words

    def replaced(self, replacements: dict[int, str]) -> "Statement":
        """The same with other tokens at some places."""
        return Statement(tuple(replacements.get(place, token) for place, token in enumerate(self.tokens)))


def split(script: str) -> list[Statement]:
    """The statements of a script, in order; what psql alone understands is left out."""
    statements: list[Statement] = []
    tokens: list[str] = []
    for found in _TOKEN.finditer(_META.sub("", script)):
        if found["other"] == ";":
            statements.append(_statement(tokens))
            tokens = []
        else:
            tokens.append(SPACE if found["space"] else found[0])
    rest = _statement(tokens)
    return [*statements, rest] if rest.tokens else statements


def _statement(tokens: list[str]) -> Statement:
    kept = [token for place, token in enumerate(tokens) if token != SPACE or tokens[place - 1 : place] != [SPACE]]
    begin = 1 if kept[:1] == [SPACE] else 0
    return Statement(tuple(kept[begin:-1] if kept[-1:] == [SPACE] else kept[begin:]))


def unquoted(token: str) -> str:
    """The name that a token stands for."""
    return token[1:-1].replace('""', '"') if token.startswith('"') else token
