"""Room for text."""
