"""How things look in a terminal: tables, details, live progress."""
