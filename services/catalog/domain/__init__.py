"""What the catalog decides and why: frozen states, decisions that return events, one fold; no clock, no driver."""
