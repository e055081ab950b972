"""What every test may ask for."""

from hypothesis import settings

from services import end_imports

pytest_plugins = ["tests.support.engines"]

settings.register_profile("nightkeep", deadline=None)  # a slow machine is no counterexample
settings.load_profile("nightkeep")
end_imports()
