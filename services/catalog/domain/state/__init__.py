"""The catalog's decision rows: frozen, each the fold of the events that concern it."""
