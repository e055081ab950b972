"""What crosses a process or outlives a release: messages, topics, states, defaults, the stored format."""
