"""One file per AWS service: a class whose methods are named like the operations."""
