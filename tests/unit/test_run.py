"""The runner counts what pytest reports."""

from tests.run import Count, count

REPORT = '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="1"/></testsuites>'


def test_whatever_did_not_pass_counts_as_failed_a_skipped_test_too() -> None:
    assert count(REPORT) == Count(passed=5, failed=4)


def test_counts_add_up() -> None:
    assert Count(1, 2) + Count(3, 4) == Count(4, 6)
