"""Benchmarks of Polyroute, side by side with lower bounds and other tools; see README.md in this directory."""
