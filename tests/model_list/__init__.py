"""Tests of models as users choose them."""
