"""Determine the routes to a model, in order, from plugins, credentials and preferences."""
