"""`/api/v2` and two reads of `/api/1`: for scripts that were written for the Mendix APIs (spec: backups-api-v2)."""
