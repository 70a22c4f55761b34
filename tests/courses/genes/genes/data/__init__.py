"""What a sequencer has read."""
