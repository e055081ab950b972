"""A backup's own lists in a file, joined there, so that memory does not grow with the number of documents."""

from services.snapshot.scratch.rows import Stored, ToRead
from services.snapshot.scratch.scratch import Numbers, Scratch

__all__ = ["Numbers", "Scratch", "Stored", "ToRead"]
