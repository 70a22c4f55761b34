"""Data sets: one module each, the loader of the real format and an offline stand-in."""
