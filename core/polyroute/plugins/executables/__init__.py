"""Executables: start their programs within limits, call them concurrently, and provide them as plugin objects."""
