"""The services of Nightkeep, the platform they stand on, and the command line."""
