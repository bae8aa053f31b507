"""Which plugins may be used, and how they come to the person's plugin folder."""
