class Fleet:
    def __init__(self, world: object) -> None:
        self._world = world

    def advance(self, now: float) -> None:
        pass
