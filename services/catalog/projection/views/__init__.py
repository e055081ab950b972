"""What readers see: each view is its aggregate, folded by the same rule, and what only a reader wants to know."""
