"""Run executable plugins within limits, and expose them as ordinary plugins."""
