"""What follows from what was found and done: pure."""
