"""Room for retrieve."""
