"""What answers each address of `/api/v1`; every one is short: ask the catalog or look it up, then show it."""
