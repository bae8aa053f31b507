"""Which plugins may be used, what the user has approved, and how plugins are installed."""
