"""Many users at once, over PostgreSQL."""
