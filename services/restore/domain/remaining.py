"""How long a restore will still take, from what it has moved so far."""

from dataclasses import dataclass, field


@dataclass
class Estimate:
    """The speed of one attempt, over all its steps that move bytes into the destination.

    Times are seconds of any clock that only runs forward.
    """

    _moved: dict[int, int] = field(default_factory=dict)
    _began: float | None = None

    def note(self, step: int, bytes_done: int, now: float) -> None:
        """The step has moved so many bytes by now."""
        if self._began is None:
            self._began = now
        self._moved[step] = max(bytes_done, self._moved.get(step, 0))

    def bytes_per_second(self, now: float) -> float | None:
        """The speed so far; None before there is one."""
        moved, seconds = sum(self._moved.values()), now - (now if self._began is None else self._began)
        return moved / seconds if moved and seconds > 0 else None

    def seconds_left(self, total_bytes: int, now: float) -> float | None:
        """How long the rest of `total_bytes` takes at this speed; None before anybody can say."""
        speed = self.bytes_per_second(now)
        return round(max(0, total_bytes - sum(self._moved.values())) / speed, 1) if speed else None
