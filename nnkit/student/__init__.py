"""What a student's notebook imports."""
