"""The translator, as the pass-through uses it: a process without keys that calls back."""
