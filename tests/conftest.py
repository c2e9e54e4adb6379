"""Laws are tried on the same examples in every run; wider searches belong to bench/."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
