"""Fixtures for the tests of the pass-through."""

from tests.support.translating import translating

__all__ = ["translating"]
