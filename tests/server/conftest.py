"""What the tests of the HTTP API share."""

from tests.serving import serve

__all__ = ["serve"]
