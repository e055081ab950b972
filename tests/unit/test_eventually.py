"""The helper that looks again when something changed while it looked."""

from tests.support.eventually import undisturbed


async def test_what_changed_while_it_was_looked_at_is_looked_at_again() -> None:
    log = ["planned"]
    late = iter(["skipped"])

    async def look() -> tuple[int, str]:
        told = len(log)
        log.extend(late)  # between the look at the log and the look at the rows; only the first time
        return told, log[-1]

    async def appended() -> int:
        return len(log)

    assert await undisturbed(look, appended) == (2, "skipped")
