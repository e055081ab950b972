"""What a person is told when the provider of identities refuses."""

import pytest

from services.gateway.domain.declined import declined


@pytest.mark.parametrize(
    ("error", "description", "told"),
    [
        ("access_denied", "", "you or it refused there, access_denied"),
        ("access_denied", "The user said no", "you or it refused there, access_denied (The user said no)"),
        ("invalid_scope", "", "it refused, invalid_scope"),
        ("server_error", "a\r\nb", "it refused, server_error"),
        ("server_error", "<b>call 555</b>", "it refused, server_error"),
        ("server_error", "\u202edellac", "it refused, server_error"),
        ("server_error", "x" * 201, "it refused, server_error"),
        ("<b>", "plain", "it refused, without a plain reason (plain)"),
        ("x" * 65, "", "it refused, without a plain reason"),
        ("", "ignored", "it has sent you back without a code: begin again"),
    ],
)
def test_a_providers_refusal_is_told_in_its_words_where_they_are_plain(error: str, description: str, told: str) -> None:
    refused = declined(error, description)
    assert (refused.status, refused.code) == (403, "NO_ACCESS")
    assert refused.message == f"the provider of identities has not let you in: {told}"
