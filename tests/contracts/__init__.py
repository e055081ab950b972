"""What crosses a process keeps its shape."""
