"""Trains the model that says whether a passage states a claim."""
