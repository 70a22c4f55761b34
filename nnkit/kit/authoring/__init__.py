"""From solutions and templates to notebooks and releases."""
