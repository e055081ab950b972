"""Blacks secrets out of bytes that could not be decoded, as far as they can be recognised (spec: messages)."""

import json
import re
from typing import Any, Final

BLACKED_OUT: Final = "[blacked out]"

_SECRET_NAME: Final = re.compile(
    r"pass|secret|credential|token|api[-_]?key|access[-_]?key|private|authorization|cookie", re.IGNORECASE
)
_REFERENCE: Final = re.compile(r"secret:[\w.-]+")
_IN_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@\"']{0,200}:[^\s/@\"']{0,200}(?=@)")
_PAIR: Final = re.compile(  # every part is bounded, so that hostile bytes cost no more than others
    r"""(?ix) secret:[\w.-]{1,200}(?=["']?(?:[\s,}]|$)) |
    ((?:pass|secret|credential|token|api[-_]?key|access[-_]?key|private)[\w.-]{0,40}["']?\s{0,8}[:=]\s{0,8})
    (?!["']?secret:[\w.-]{1,200}["']?(?:[\s,}]|$))
    ("(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | [^\s,;}]+)"""
)


def blacked_out(value: bytes) -> bytes:
    """`value` with what looks like a secret replaced; references (`secret:<name>`) stay."""
    try:
        return json.dumps(_clean(json.loads(value)), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return _text_blacked_out(value.decode(errors="replace")).encode()


def named_like_a_secret(name: str) -> bool:
    """Whether a field or header of this name may hold a secret."""
    return _SECRET_NAME.search(name) is not None


def _clean(data: Any, *, secret: bool = False) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(data, dict):
        return {name: _clean(value, secret=secret or named_like_a_secret(name)) for name, value in data.items()}
    if isinstance(data, list):
        return [_clean(value, secret=secret) for value in data]
    if isinstance(data, str):
        return _clean_text(data, secret=secret)
    return BLACKED_OUT if secret and not isinstance(data, bool | None) else data


def _clean_text(text: str, *, secret: bool) -> str:
    if secret and not _REFERENCE.fullmatch(text):
        return BLACKED_OUT
    return _IN_ADDRESS.sub(BLACKED_OUT, text)


def _text_blacked_out(text: str) -> str:
    return _PAIR.sub(_without_value, _IN_ADDRESS.sub(BLACKED_OUT, text))


def _without_value(found: re.Match[str]) -> str:
    return f'{found[1]}"{BLACKED_OUT}"' if found[1] else found[0]
