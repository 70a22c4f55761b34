"""What instructors read: tables in the terminal."""
