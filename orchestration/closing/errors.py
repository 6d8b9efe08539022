"""What can go wrong when a period is closed."""


class ClosingError(Exception):
    """The step is refused, or the record can't be read or written; the message says what to do."""
