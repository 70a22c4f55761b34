"""A new course: small, complete, and proven."""
