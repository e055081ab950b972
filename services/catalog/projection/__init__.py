"""The read model: the log projected into what lists and details are answered from (architecture §2.13)."""
