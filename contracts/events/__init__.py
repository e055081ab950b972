"""Facts, in the past tense; written once and kept for ever (spec: messages, "Events")."""
