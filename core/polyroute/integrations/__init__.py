"""Integrations with client libraries: one module for each, imported only by hosts that use the library.

Each takes a catalog and a model, or a route to it, and returns what its library needs, configured so that requests use
the route's model ID, base URL, headers and key. The modules are named after libraries, not after providers.
"""
