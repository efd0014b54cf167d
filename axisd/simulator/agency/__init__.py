"""Agencies played by a script, and a province on a laptop around the one system that is being built.

`post` is how an agency sends and receives over any door, `script` what it says, `sandbox` the province.
"""
