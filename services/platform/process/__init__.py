"""What every process of Nightkeep needs around its work: settings, clock, ids, secrets, logs, health, life and end."""
