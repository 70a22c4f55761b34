"""From solutions and templates to notebooks."""
