"""A person's own models: the file that holds them, changes to it, and how they run."""
