"""From a submitted notebook to a record."""
