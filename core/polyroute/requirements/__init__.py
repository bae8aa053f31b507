"""Evaluate the requirements of providers in one environment."""
