"""Room for cli."""
