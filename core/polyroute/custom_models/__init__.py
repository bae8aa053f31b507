"""The user's custom models: the file that holds them, changes to it, and their routes."""
