"""Replay: arrivals x policy -> waits, cold starts, instance-time. Pure; docs/model.md names every rule."""
