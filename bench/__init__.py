"""Benchmarks: what the axis costs, measured on the machine at hand."""
