"""The errors that end a sync. Their messages are for the person who must act."""


class SyncError(Exception):
    """A sync failed. The message says what happened, what was kept and what to do."""


class InvalidResponseError(Exception):
    """A response of the API is not as expected. The message says what was returned and what was expected."""
