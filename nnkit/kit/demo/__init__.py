"""The whole job on a simulated class."""
