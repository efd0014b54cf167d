"""The older axis's HTTP API, `/EdocService`, as axisd offers it.

`protocol` is the API without I/O; `door` serves it over aiohttp, `desk` answers the calls.
Source of every rule: the API as its published source and its Java SDK have it; no specification is public.
"""
