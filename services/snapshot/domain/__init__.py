"""What a backup says about itself, and when nights are expected: pure, without a clock or a driver."""
