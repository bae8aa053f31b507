"""Switch to the next route when one fails."""
