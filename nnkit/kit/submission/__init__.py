"""What was handed in, as data."""
