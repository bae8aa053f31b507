"""What a user has chosen, as hosts and the other tool share it: the current model, favourites and recents."""
