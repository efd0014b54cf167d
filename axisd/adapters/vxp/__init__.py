"""The national axis's HTTP protocol (VXP): `protocol` without I/O, `client` and `front` on aiohttp.

`protocol` is what both sides share; `client` speaks it to the national axis, `front` answers it.
"""
