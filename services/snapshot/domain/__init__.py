"""What a backup says about itself: pure, without a clock or a driver."""
