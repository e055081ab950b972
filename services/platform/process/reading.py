"""Settings are read once, at the start; what is wrong with them is said in the words of the environment."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings

from services.platform.process.errors import PermanentError
from services.platform.process.settings import PREFIX

S = TypeVar("S", bound=BaseSettings)


class SettingsError(PermanentError):
    """Settings are missing, misspelt or out of range; the text names each and never repeats a value."""


def read_settings(settings_type: type[S]) -> S:
    """The settings of this process from its environment. Raises SettingsError."""
    try:
        return settings_type()
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise SettingsError("wrong settings:\n" + "\n".join(f"  {_told(detail)}" for detail in found)) from None


def _told(detail: ErrorDetails) -> str:
    key = "__".join(str(part) for part in detail["loc"]).upper()
    message = detail["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{key}: {message}" if key else message
