"""How the versions of a place's own policies count up."""

from contracts.retention import PRESETS, Policy


def newest_version(newest: int, policy: Policy | None) -> int:
    """The version of the newest custom policy of a place, after `policy`; a preset's own version does not count."""
    return newest if policy is None or policy.name in PRESETS else policy.version
