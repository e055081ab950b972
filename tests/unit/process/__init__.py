"""Settings, secrets and logs."""
