"""An uncompressed dump in PostgreSQL's custom format, rewritten as a compressed one without owners and privileges.

What `pg_dump` writes: a header, a table of contents, then blocks of data. `head` reads and rewrites the first two,
`blocks` the third, which may be of any size.
"""
