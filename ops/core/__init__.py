"""Types and rules. Pure: no IO, no clock, no environment."""
