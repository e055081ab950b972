"""Requests, in the imperative; each ends in exactly one outcome (spec: messages, "Commands")."""
