"""course.toml: what a course is, read and checked; and what every room stands on."""
