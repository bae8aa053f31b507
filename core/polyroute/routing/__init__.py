"""From what plugins and a person have to the ordered routes of a model."""
