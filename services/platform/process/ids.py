"""Fresh ids as an argument, so that tests can foretell them (architecture §2.15)."""

from collections.abc import Callable
from uuid import UUID, uuid4

NewId = Callable[[], UUID]
"""Makes an id that nothing else has."""

random_id: NewId = uuid4
"""The one that processes use."""
