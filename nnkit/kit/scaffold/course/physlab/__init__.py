"""A physics lab: what is taught."""
