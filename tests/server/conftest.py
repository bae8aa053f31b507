"""What the tests of the HTTP API share."""

from tests.support.http_server import serve

__all__ = ["serve"]
