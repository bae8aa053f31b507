"""Find, parse and store manifests, and turn them into plugins."""
