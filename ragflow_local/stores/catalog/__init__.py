"""Catalog: room."""
