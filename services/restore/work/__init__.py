"""The long work: restore, undo, removal and preflight, each a list of named steps that may run again."""
