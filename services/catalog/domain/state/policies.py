"""Which policy holds where: an environment's own, else its app's, else the default."""

from contracts.retention import CLASSIC, PRESETS, Policy


def effective(own: Policy | None, of_app: Policy | None) -> Policy:
    """The policy that new backups of an environment follow."""
    return own or of_app or CLASSIC


def newest_version(newest: int, policy: Policy | None) -> int:
    """The version of the newest custom policy of a place, after `policy`; a preset's own version does not count."""
    return newest if policy is None or policy.name in PRESETS else policy.version
