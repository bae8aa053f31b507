"""Plugins on their way in: found, imported, asked, and held to what they may say."""
