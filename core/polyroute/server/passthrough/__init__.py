"""The local pass-through: accepts requests in the form of known APIs and sends them along the model's route."""
