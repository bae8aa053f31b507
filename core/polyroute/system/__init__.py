"""Files, their forms, and the terminal: what knows nothing of models."""
