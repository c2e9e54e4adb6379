"""Reads AWS. Wire dicts never leave this package; what comes out are the types of ops.core."""
