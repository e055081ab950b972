"""What runs Nightkeep: the local stack, images, the demo."""
