"""How the refusal of a provider of identities itself is told: by its words where they are plain, by ours elsewhere."""

import re
from typing import Final

from services.gateway.domain.refusals import RefusalError

_CODE: Final = re.compile(r"[\w.:/-]{1,64}", re.ASCII)
_SHORT: Final = re.compile(r"[ !#-;=?-\[\]-~]{1,200}")
"""What RFC 6749 (4.1.2.1) lets a description have, except `<` and `>`: no page shows more of it than text."""


def not_let_in(why: str) -> RefusalError:
    """The refusal of a sign-in at a provider."""
    return RefusalError(403, "NO_ACCESS", f"the provider of identities has not let you in: {why}")


def declined(error: str, description: str) -> RefusalError:
    """The refusal that the provider sends a browser back with, by its `error` and `error_description`, or without."""
    if not error:
        return not_let_in("it has sent you back without a code: begin again")
    who = "you or it refused there" if error == "access_denied" else "it refused"
    code = error if _CODE.fullmatch(error) else "without a plain reason"
    said = f" ({description})" if _SHORT.fullmatch(description) else ""
    return not_let_in(f"{who}, {code}{said}")
