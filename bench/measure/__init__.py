"""The bench: what is measured, against what, and with which target. `bench/run` starts it."""
