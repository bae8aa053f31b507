"""Agents from npm and PyPI, on endpoints of each API."""
