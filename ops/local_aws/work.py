"""The requests of one endpoint: the queue, those in work, and who waits too long. Times are epoch seconds.

A slot belongs to no instance until it matters: at a scale-in the requests in work, in the order of their starts,
lie evenly on the instances in launch order (request j on instance j mod n), and the last instances leave.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence

from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S, Instance, Job

EXPIRED = "expired"


class Work:
    def __init__(self, input_exists: Callable[[str], bool]) -> None:
        self._input_exists = input_exists
        self.queue: deque[Job] = deque()
        self.running: list[tuple[float, int, Job]] = []
        """A heap of (end, number, request), on instances that stay and on those that leave."""
        self.expiries: list[tuple[float, int, Job]] = []
        """A heap; it may name requests that have started since."""
        self.slots = 0
        """Of the instances that stay."""
        self.held = 0
        """How many of these slots are taken."""
        self._told = 0

    def clear(self) -> None:
        self.queue.clear()
        self.expiries.clear()
        self.running.clear()
        self.held = 0

    # -- through the queue -----------------------------------------------------------------------------

    def enter(self, job: Job, now: float) -> None:
        if self.held < self.slots:
            self._start(job, now)
        else:
            self.queue.append(job)
            heapq.heappush(self.expiries, (job.expires, job.seq, job))

    def start_waiting(self, now: float) -> None:
        queue = self.queue
        while queue and self.held < self.slots:
            self._start(queue.popleft(), now)
        if not queue:
            self.expiries.clear()

    def expire(self) -> bool:
        """Take out the request whose time to live ends next; False where it has started meanwhile."""
        job = heapq.heappop(self.expiries)[2]
        if job.started or job.outcome == EXPIRED:
            return False
        job.outcome = EXPIRED
        self.queue.remove(job)
        return True

    def complete(self, instances: Sequence[Instance], now: float) -> Job:
        """The next request in work is done; the one that waits longest takes the slot, if that stays."""
        job = heapq.heappop(self.running)[2]
        if job.instance is not None:
            job.instance.busy -= 1
            return job
        if job.outcome != "ok":
            job.instance = self._place(job, instances)
        self.held -= 1
        if self.queue:
            self._start(self.queue.popleft(), now)
            if not self.queue:
                self.expiries.clear()
        return job

    def _start(self, job: Job, now: float) -> None:
        self.held += 1
        job.started = now
        request = job.request
        if request is not None:
            if not self._input_exists(request.input_location):
                job.outcome = "input_missing"
            elif job.service > request.timeout_s:
                job.outcome, job.service = "timed_out", request.timeout_s
        if job.outcome == "input_missing":
            busy = DOWNLOAD_S
        else:
            busy = DOWNLOAD_S + job.service + (UPLOAD_S if job.outcome == "ok" else 0.0)
        heapq.heappush(self.running, (now + busy, job.seq, job))

    # -- on the instances ------------------------------------------------------------------------------

    def leave(self, instances: Sequence[Instance], count: int, concurrency: int, *, requeue: bool) -> None:
        """The last `count` of `instances` leave with the requests on them, or these go back to the queue by arrival."""
        total = len(instances)
        staying = total - count
        for instance in instances[staying:]:
            instance.draining, instance.busy = True, 0
        self.slots = staying * concurrency
        back = []
        for place, job in enumerate(self._in_order()):
            instance = instances[place % total]
            if instance.draining:
                self.held -= 1
                if requeue:
                    back.append(job)
                else:
                    job.instance = instance
                    instance.busy += 1
        if back:
            gone = {job.seq for job in back}
            self.running[:] = [entry for entry in self.running if entry[1] not in gone]
            heapq.heapify(self.running)
            self.queue = deque(sorted([*back, *self.queue], key=lambda job: job.seq))
        for job in back:
            job.started = 0.0
            heapq.heappush(self.expiries, (job.expires, job.seq, job))

    def spread(self, instances: Sequence[Instance]) -> None:
        """Tell each instance how many requests it works on: evenly on those that stay."""
        if not self.held and not self._told:
            return
        self._told = self.held
        staying = [i for i in instances if not i.draining]
        if staying:
            each, more = divmod(self.held, len(staying))
            for place, instance in enumerate(staying):
                instance.busy = each + (place < more)

    def _place(self, job: Job, instances: Sequence[Instance]) -> Instance:
        """The instance on which a request lies that was in work until now."""
        mine = job.started, job.seq
        before = sum(1 for _, _, j in self.running if j.instance is None and (j.started, j.seq) < mine)
        staying = [i for i in instances if not i.draining]
        return staying[before % len(staying)]

    def _in_order(self) -> list[Job]:
        """Requests in work on instances that stay, in the order of their starts."""
        jobs = [job for _, _, job in self.running if job.instance is None]
        return sorted(jobs, key=lambda job: (job.started, job.seq))
