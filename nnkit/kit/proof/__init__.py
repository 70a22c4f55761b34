"""Proof before release: full marks for the reference, none for an untouched notebook, every misconception caught."""
