"""`nightkeep`: a client of the gateway, and the local stack."""
