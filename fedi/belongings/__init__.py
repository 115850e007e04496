"""What a member has here: taken along as a file, or removed with their account."""
