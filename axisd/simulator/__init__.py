"""Things that stand in for the world around axisd: shipped, and used by tests, demo and benchmarks.

Everything here binds to loopback only and is stopped by its own pid.
"""
