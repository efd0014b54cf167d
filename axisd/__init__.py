"""axisd: a document axis for public agencies.

Importing this package has no side effects. The composition root is ``axisd.daemon``.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("axisd")
except PackageNotFoundError:  # a checkout on sys.path that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
