"""From a submitted notebook to a record and a gradebook row."""
