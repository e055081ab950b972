"""What an environment is made of, reached from outside: its database and its documents."""
