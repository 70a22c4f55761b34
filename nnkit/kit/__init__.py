"""What teaches and grades the subject. Never shipped to students."""
