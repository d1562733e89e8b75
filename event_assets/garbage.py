"""When Python looks for garbage: not among what stays as long as the process does."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def made_to_stay() -> Iterator[None]:
    """Keep the garbage collector from what a block imports and makes, and from all that was there before.

    Objects only become more in the meantime. To look for garbage among them takes a fifth of the time, and as long
    again whenever it is looked for later.

    Forks share all this until one of them writes into it. A search writes into each object; and what it frees leaves
    holes all over, which each fork fills with something of its own: 18 of 436 MB that `event-assets ui` took. So it is
    not tidied up before either, which the documentation of ``gc.freeze`` says too.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
