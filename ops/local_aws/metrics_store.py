class MetricStore:
    def __init__(self, first_minute: int, delay_s: int) -> None:
        self.first_minute = first_minute
