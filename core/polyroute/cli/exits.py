"""Exit statuses; scripts rely on them."""

YES, NO, BAD_INPUT, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130
