"""What of a file is asked for: RFC 9110's Range, If-Range, If-Match and If-None-Match, and multipart/byteranges."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

MOST_RANGES: Final = 16
"""Download managers ask for one or two; hundreds of small ones are an attack."""

_SPEC: Final = re.compile(r"(\d*)-(\d*)", re.ASCII)
_DIGITS: Final = 18
"""More would be no file of this world."""


class Span(NamedTuple):
    """Bytes from `start` up to `end`, which is not among them."""

    start: int
    end: int

    def told(self, size_bytes: int) -> str:
        """As Content-Range tells it."""
        return f"bytes {self.start}-{self.end - 1}/{size_bytes}"


class UnsatisfiableError(ValueError):
    """Nothing of what is asked for is in the file, or too much is asked for at once."""


def spans(header: str | None, size_bytes: int) -> Sequence[Span] | None:
    """The spans that a Range header asks for, those that touch as one; None where the whole file is meant.

    A header that is malformed or of another unit is no header. Raises UnsatisfiableError.
    """
    specs = _specs(header)
    if specs is None:
        return None
    found = sorted(span for spec in specs if (span := _span(spec, size_bytes)) is not None)
    if not found:
        raise UnsatisfiableError("no byte of this file is asked for")
    if len(specs) > MOST_RANGES:
        raise UnsatisfiableError(f"at most {MOST_RANGES} ranges at once")
    return _merged(found)


def is_current(if_range: str | None, etag: str) -> bool:
    """Whether what the caller has is of this very file: without If-Range, or with our ETag. A date never is."""
    return if_range is None or if_range.strip() == etag


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether a list of ETags, or `*`, has this one, weak or not: that only spares a transfer."""
    return if_none_match is not None and _has([one.removeprefix("W/") for one in _tags(if_none_match)], etag)


def matches_strongly(if_match: str, etag: str) -> bool:
    """Whether a list of ETags, or `*`, has this very one: a weak one may stand for other bytes (RFC 9110, 13.1.1)."""
    return _has(_tags(if_match), etag)


def part_head(boundary: str, span: Span, size_bytes: int, media_type: str) -> bytes:
    """What comes before one span in a multipart answer."""
    lines = (f"--{boundary}", f"Content-Type: {media_type}", f"Content-Range: {span.told(size_bytes)}", "", "")
    return "\r\n".join(lines).encode()


def part_end(boundary: str) -> bytes:
    """What comes behind the last span in a multipart answer."""
    return f"--{boundary}--\r\n".encode()


def _tags(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]


def _has(tags: Sequence[str], etag: str) -> bool:
    return tags == ["*"] or etag in tags


def _specs(header: str | None) -> list[tuple[str, str]] | None:
    unit, equals, text = (header or "").partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    found = [_SPEC.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    specs = [(match[1], match[2]) for match in found if match is not None]
    if not specs or len(specs) != len(found) or any(_is_malformed(*spec) for spec in specs):
        return None
    return specs


def _is_malformed(first: str, last: str) -> bool:
    if not first and not last:
        return True
    if len(first) > _DIGITS or len(last) > _DIGITS:
        return True
    return bool(first and last) and int(last) < int(first)


def _span(spec: tuple[str, str], size_bytes: int) -> Span | None:
    first, last = spec
    if not first:
        start, end = max(size_bytes - int(last), 0), size_bytes
    else:
        start, end = int(first), min(int(last) + 1, size_bytes) if last else size_bytes
    return Span(start, end) if start < end else None


def _merged(ordered: Sequence[Span]) -> list[Span]:
    merged = [ordered[0]]
    for span in ordered[1:]:
        if span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
