"""What providers need to be called, evaluated in one environment."""
