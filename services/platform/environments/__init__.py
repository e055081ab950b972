"""A service's own copy of where environments are, kept by following the log (architecture §2.3).

A service opens `Environments`, follows the log with its `reactions()` among its own, and asks `find`.
"""

from services.platform.environments.copy import Environment, Environments, find, find_many

__all__ = ["Environment", "Environments", "find", "find_many"]
