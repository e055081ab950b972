"""Jobs on a real PostgreSQL, and workers that die, pause and end."""
