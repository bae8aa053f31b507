"""Which plugins may be used, and how they come to the user's plugin folder."""
