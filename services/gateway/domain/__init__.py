"""What the gateway decides by itself: who may call what, which ids follow from a request, how a refusal is told."""
