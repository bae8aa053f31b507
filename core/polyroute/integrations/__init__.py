"""From a route to the client library that a host already uses: one small module for each, imported by nobody else.

Each takes a catalog and a model (or a route of it), and gives back what its library wants, made so that the route's
model ID, base URL, header and key are what arrives. The names in here are those of libraries, not of providers.
"""
