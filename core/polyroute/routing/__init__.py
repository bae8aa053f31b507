"""From what plugins and a user have to the ordered routes of a model."""
