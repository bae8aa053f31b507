"""Plugins that are programs: started within limits, asked together, and made into plugin objects."""
