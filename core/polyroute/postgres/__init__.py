"""The documents of a team's users in PostgreSQL."""
