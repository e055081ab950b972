"""Loading a dump into a new database beside the live one: by the environment role, and what only others may do apart.

`contents`, `statements` and `roles` are pure; `archive` reads what a dump says of itself, `load` fills the new
database, `afterwards` brings back policies, grants, extensions, publications and event triggers.
"""
