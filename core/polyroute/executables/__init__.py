"""Plugins that are programs: started within limits, asked in one loop, made into hooks."""
