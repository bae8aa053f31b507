"""Fixtures for the tests of the HTTP API."""

from tests.support.http_server import serve

__all__ = ["serve"]
