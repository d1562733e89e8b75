"""The errors that end a sync: their messages are sentences for the person who must act."""


class SyncError(Exception):
    """A sync did not happen; the message says what was expected, what came, and what to do."""


class UnusableAnswerError(Exception):
    """The API's answer is not what it should be; the message says what was expected and what came."""
