"""What one process makes of each batch, when several train together."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Share:
    """What one process makes of each batch, when several train together: `count` of its `of` equal parts.

    Attributes:
        first: Number of the first part, from 0.
        count: How many parts; each is a batch of its own.
        of: Into how many parts the whole batch is cut.
    """

    first: int = 0
    count: int = 1
    of: int = 1


WHOLE = Share()
