"""What every test may ask for."""

from hypothesis import settings

pytest_plugins = ["tests.support.engines"]

settings.register_profile("nightkeep", deadline=None)  # a slow machine is no counterexample
settings.load_profile("nightkeep")
