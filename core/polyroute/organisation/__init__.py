"""What an organisation decides for all users of its server: a policy, as a value and as a file."""
