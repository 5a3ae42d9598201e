"""Benchmarks: ``python -m benchmarks.<name>``; each writes its page to ``results/``."""
