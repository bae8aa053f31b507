"""The user's keys: stored, listed and removed."""
