"""What students receive beside their notebooks."""
