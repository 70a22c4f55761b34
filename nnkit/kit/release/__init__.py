"""An assignment goes out."""
