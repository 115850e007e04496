"""What those who look after a Group do to whole debates."""
