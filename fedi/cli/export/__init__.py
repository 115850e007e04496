"""`fedi export`: everything public as files that any web server can serve."""
