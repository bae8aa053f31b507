"""Files, text, caches and threads: what knows nothing of providers and models."""
