"""How long a restore will still take, from what it has moved so far."""

from dataclasses import dataclass, field


@dataclass
class Estimate:
    """The speed of one job, over all steps that move bytes.

    `total_bytes` is what all of them will move together. Times are seconds of any clock that only runs forward.
    """

    total_bytes: int | None = None
    _moved: dict[int, int] = field(default_factory=dict)
    _began: float | None = None

    def note(self, step: int, bytes_done: int, now: float) -> None:
        """The step has moved so many bytes by now."""
        if bytes_done and self._began is None:
            self._began = now
        self._moved[step] = max(bytes_done, self._moved.get(step, 0))

    def bytes_per_second(self, now: float) -> float | None:
        """The speed so far; None before there is one."""
        seconds = now - self._began if self._began is not None else 0
        return sum(self._moved.values()) / seconds if seconds > 0 else None

    def seconds_left(self, now: float) -> float | None:
        """How long the rest takes at this speed; None before anybody can say."""
        speed = self.bytes_per_second(now)
        if not speed or self.total_bytes is None:
            return None
        return round(max(0, self.total_bytes - sum(self._moved.values())) / speed, 1)
