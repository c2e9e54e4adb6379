"""Who looks: at anything, and at which endpoints. Whoever asked longer than IDLE_S ago has left."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ops import clock
from ops.pace import IDLE_S


class Audience:
    """Thread-safe. `monotonic` is this machine's clock in seconds."""

    def __init__(self, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._glanced_at: float | None = None
        self._glances_since: float | None = None
        self._looked: dict[str, float] = {}

    @property
    def asked_at(self) -> float | None:
        """When somebody last asked for anything; None: nobody ever did."""
        return self._asked_at

    def asks(self) -> bool:
        """Note that somebody looks now. Whether nobody did before."""
        with self._lock:
            before, self._asked_at = self._asked_at, self._monotonic()
            return before is None or self._asked_at - before > IDLE_S

    def glances(self) -> bool:
        """Note that somebody looks from another account or region. Whether nobody did before, nor asked."""
        with self._lock:
            before, self._glanced_at = self._glanced_at, self._monotonic()
            newest = max((at for at in (before, self._asked_at) if at is not None), default=None)
            if before is None or self._glanced_at - before > IDLE_S:
                self._glances_since = self._glanced_at
            return newest is None or self._glanced_at - newest > IDLE_S

    @property
    def glanced_at(self) -> float | None:
        """When somebody last looked from elsewhere; None: nobody ever did."""
        return self._glanced_at

    @property
    def glances_since(self) -> float | None:
        """Since when somebody has looked from elsewhere without a pause; None: nobody ever did."""
        return self._glances_since

    def looks_at(self, name: str) -> None:
        """Note that somebody looks at an endpoint now."""
        with self._lock:
            self._looked[name] = self._monotonic()

    def there(self) -> bool:
        """Whether anybody looks at a page now, of this place or from another one."""
        now = self._monotonic()
        return any(at is not None and now - at <= IDLE_S for at in (self._asked_at, self._glanced_at))

    def endpoints(self) -> frozenset[str]:
        """The endpoints that somebody looks at."""
        with self._lock:
            now = self._monotonic()
            self._looked = {name: at for name, at in self._looked.items() if now - at <= IDLE_S}
            return frozenset(self._looked)
