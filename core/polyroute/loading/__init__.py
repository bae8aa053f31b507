"""Find, import and call plugins, and check what they return."""
