"""Private helpers of the other packages."""
