"""The life of a program that does one thing and ends: settings, logs, and an exit code that says how it went."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from services import end_imports
from services.platform.process.errors import NightkeepError
from services.platform.process.logging import configure_logging
from services.platform.process.reading import SettingsError, read_settings
from services.platform.process.settings import Settings

S = TypeVar("S", bound=Settings)


def run_once(name: str, settings_type: type[S], work: Callable[[S], Coroutine[Any, Any, object]]) -> int:
    """0 when `work` was done, 1 when it could not be, 2 when the settings are wrong; why, is on standard error."""
    end_imports()
    try:
        settings = read_settings(settings_type)
        configure_logging(settings.log, name)
        asyncio.run(work(settings))
    except NightkeepError as error:
        sys.stderr.write(f"{name}: {error.reason}\n")
        return 2 if isinstance(error, SettingsError) else 1
    return 0
