"""Rounds of a contest: the same work for each contestant by turns, and what it took them as a table and as ratios."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.benchmarks import tree
from tests.benchmarks.contest import Contestant, Cost
from tests.benchmarks.figures import Figure
from tests.benchmarks.ours import Ours
from tests.benchmarks.peers import REPOSITORIES, Peer, missing

FIRST, UNCHANGED, CHANGED, RESTORE, START = "first", "nothing changed", "1 % changed", "restore", "(start alone)"
AT_LEAST: Final = {FIRST: 1.0, UNCHANGED: 3.0, RESTORE: 1.0}
"""What restic takes, in units of what we take."""
MOST_STORED: Final = 1.1
SETTLED_SECONDS: Final = 2.5
"""What was written just before it is read is read once more the next time."""
TOLD: Final = (
    "cache: warm, documents have just been written; every run ends with a sync of the disks, which it is charged with,"
    " and begins after one"
)
Record = Callable[[str, object], None]
Costs = dict[str, dict[str, Cost]]
"""By what was done and by whom."""
MOST_KEPT: Final = 100_000
"""Documents that are left where they were restored until the round ends."""


def tell(line: str) -> None:
    """Print what was measured: that is what a benchmark is for."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Round:
    """All contestants do the same, by turns, so that all see the same machine."""

    contestants: Sequence[Contestant]
    costs: Costs = field(default_factory=dict)
    stored: dict[str, list[int]] = field(default_factory=dict)

    async def all_do(self, what: str, work: Callable[[Contestant], Awaitable[Cost]], *, stores: bool = True) -> None:
        """Let each of them do it, and keep what it cost."""
        for one in self.contestants:
            self.costs.setdefault(what, {})[one.name] = await work(one)
            if stores:
                self.stored.setdefault(one.name, []).append(await one.place.stored_bytes())

    async def run(self, documents: Path, count: int) -> None:
        """All there is to do, on new documents. Raises AssertionError for what does not come back as it was."""
        for one in self.contestants:
            await one.make()
        await self.all_do(START, lambda one: one.look(), stores=False)
        await self.all_do(FIRST, lambda one: one.back_up(documents))
        await self.all_do(UNCHANGED, lambda one: one.back_up(documents))
        tree.change(documents, count, one_in=100)
        await asyncio.sleep(SETTLED_SECONDS)
        await self.all_do(CHANGED, lambda one: one.back_up(documents))
        await self.all_do(RESTORE, lambda one: self.restored(one, documents, count), stores=False)

    @staticmethod
    async def restored(one: Contestant, documents: Path, count: int) -> Cost:
        """Restore and compare.

        What came back is removed only where it is large: a file system looks for new inodes among those that it has
        lost in the last minutes, so that whoever restores next would take longer.
        """
        to = one.place.directory.with_name(f"{one.name} restored")
        to.mkdir()
        cost = await one.restore(to)
        assert tree.differences(documents, tree.outermost(to), count) == 0, one.name
        if count > MOST_KEPT:
            shutil.rmtree(to)
        return cost


def usual(rounds: Sequence[Round]) -> Costs:
    """The medians of several rounds."""
    first = rounds[0].costs
    return {
        what: {name: Cost.usual([one.costs[what][name] for one in rounds]) for name in first[what]} for what in first
    }


def lines(costs: Costs, stored: dict[str, list[int]]) -> Iterator[list[str]]:
    """A table: a line for each thing that was done, a column for each contestant."""
    names = list(next(iter(costs.values())))
    yield ["", *names]
    for what, of in costs.items():
        ours = of[Ours.name].seconds
        yield [f"{what}, s (x ours)", *(f"{of[one].seconds:.2f} ({of[one].seconds / ours:.2f})" for one in names)]
    for what, of in costs.items():
        yield [f"{what}, processor s", *(f"{of[one].busy_seconds:.2f}" for one in names)]
        yield [f"{what}, peak MB", *(f"{of[one].peak_bytes / 1e6:.0f}" for one in names)]
    for number, what in enumerate((FIRST, UNCHANGED, CHANGED)):
        if all(number < len(stored[one]) for one in names):
            added = {one: stored[one][number] - ([0] + stored[one])[number] for one in names}
            yield [f"{what}, stored kB", *(f"{added[one] / 1000:.0f}" for one in names)]


def show(title: str, costs: Costs, stored: dict[str, list[int]]) -> None:
    """Print the table of one size."""
    rows = list(lines(costs, stored))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    tell(f"\n{title}")
    for first, *others in rows:
        tell(
            f"{first:<{widths[0]}}  "
            + "  ".join(f"{one:>{width}}" for one, width in zip(others, widths[1:], strict=True))
        )


def record(told: str, costs: Costs, stored: dict[str, list[int]], record_property: Record) -> None:
    """Every ratio; those that have a target with it, which is about restic."""
    for what, of in costs.items():
        for name in of.keys() - {Ours.name} if what != START else ():
            at_least = AT_LEAST.get(what) if name == "restic" else None
            ratio = round(of[name].seconds / of[Ours.name].seconds, 2)
            record_property(f"{told}, {what}: {name} / ours", Figure(ratio, at_least=at_least) if at_least else ratio)
    for name in stored.keys() - {Ours.name}:
        ratio = round(stored[Ours.name][-1] / stored[name][-1], 3)
        told_ratio = Figure(ratio, at_most=MOST_STORED) if name == "restic" else ratio
        record_property(f"{told}, stored in the end: ours / {name}", told_ratio)


def introduce(rounds: Sequence[Round], peers: Sequence[type[Peer]] = REPOSITORIES) -> None:
    """Say who takes part, how, and who of the peers does not."""
    for one in rounds[0].contestants:
        tell(f"{one.name}: {one.settings}")
    tell(f"{missing(peers)}; {TOLD}; runs: {len(rounds)}")
