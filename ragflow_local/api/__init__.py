"""Room for api."""
