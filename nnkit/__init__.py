"""nnkit: neural networks in NumPy, and the kit that teaches and grades them."""

__version__ = "0.1.0"
