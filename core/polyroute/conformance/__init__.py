"""The conformance kit: checks a plugin before anybody relies on it, and writes new ones to start from."""
