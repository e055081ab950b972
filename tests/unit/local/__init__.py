"""The stack on one machine: its rules, without engines."""
