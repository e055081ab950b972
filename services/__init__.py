"""The services of Nightkeep, the platform they stand on, and the command line."""

import atexit
import gc

atexit.register(gc.freeze)
"""Else the collector goes through all that was ever imported before a program may end: a fifth of its CPU time."""
