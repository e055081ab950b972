"""Pure rules and fakes, without a server."""
