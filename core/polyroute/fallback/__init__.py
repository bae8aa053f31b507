"""Going on by the next route when one can't be taken."""
