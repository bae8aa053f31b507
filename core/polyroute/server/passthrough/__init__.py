"""The local pass-through: requests in the form of known APIs, sent along the route of the model that they name."""
