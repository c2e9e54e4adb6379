"""The embedded AWS: a process of its own that answers the real wire protocol on loopback."""
