"""Ebb's domain: everything that is not drawn."""
