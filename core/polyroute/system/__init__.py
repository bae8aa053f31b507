"""Files, file formats and the terminal; nothing here depends on models or providers."""
