"""Models as users choose them: one row for each model, whoever lists it, in order, searched and filtered."""
