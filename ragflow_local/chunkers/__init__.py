"""Room for chunkers."""
