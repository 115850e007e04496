"""`fedi top`: a node live in a terminal."""
