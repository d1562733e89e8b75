"""Alerts people that trouble has started or ended: once each, in the log, and at a webhook where one is configured.

What counts as trouble is in ``alerts`` and ``change_sensor``. Messages hold sentences and names of assets, and nobody's
data.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import requests

from event_assets.settings import AlertSettings, Event, SettingsError
from event_assets.source.api.deadline import BoundedAdapter, Bounds, Deadline

logger = logging.getLogger(__name__)
_SECONDS = 5
"""For a message, from looking up the host to the answer's status, however a webhook drips. The change sensor has 60
seconds in all, and needs most where the API is slow."""
_MOST_BYTES = 100_000
"""Of an answer, of which only the status counts: its headers are not longer than this."""
MOST_TOLD = 20
"""How many troubles a message to a webhook has: nobody reads more, and chats refuse long ones. The log has all."""


BODIES: Mapping[str, Callable[[str], dict[str, str]]] = {
    # Takes 2,000 characters at most.
    "discord.com": lambda message: {"content": message[:2000]},
}
"""By host: what a chat's webhook takes, where that is not what Slack, Mattermost, Rocket.Chat and others take."""


class UndeliveredError(Exception):
    """The webhook did not take a message; it will be sent again."""


def is_sent(sent: Mapping[str, str], troubles: Mapping[str, str]) -> bool:
    """Return whether people know of all troubles that there are, and of all that are over."""
    return sent.keys() == troubles.keys()


def try_to_send(
    event: Event, about: str, sent: Mapping[str, str], troubles: Mapping[str, str], log: logging.Logger
) -> str:
    """Send what an earlier look has found and recorded; return what prevents it, or "".

    A look records what it finds, and requests runs, before it alerts anybody: Dagster keeps neither of one that is cut.
    The look after it does nothing but send, so that it is recorded at once that people know. If the process dies in
    between, the message is sent again, which is better than never.

    Args:
        event: Its alert settings count.
        about: What the troubles are about, as a heading.
        sent: The troubles that people know of: a sentence by identifier.
        troubles: The troubles that there are.
        log: Takes what prevents it.
    """
    try:
        announce(about, sent, troubles, event.alerts)
    except (UndeliveredError, SettingsError) as error:
        log.error(str(error))
        return str(error)
    return ""


def announce(about: str, before: Mapping[str, str], now: Mapping[str, str], alerts: AlertSettings) -> None:
    """Send which troubles are new, and which are over. Where neither is, nothing is sent.

    Args:
        about: What the troubles are about, as a heading.
        before: The troubles that people know of: a sentence by identifier.
        now: The troubles that there are.
        alerts: Where alerts go.

    Raises:
        UndeliveredError: The webhook is configured and did not take it.
    """
    started = [sentence for trouble, sentence in now.items() if trouble not in before]
    ended = [trouble for trouble in before if trouble not in now]
    if not (started or ended):
        return
    everything = _message(about, started, ended)
    logger.log(logging.ERROR if started else logging.WARNING, "%s", everything)
    if alerts.webhook_url:
        _send(alerts.webhook_url, _message(about, _first(started), _first(ended)))


def _message(about: str, started: Sequence[str], ended: Sequence[str]) -> str:
    lines = []
    if started:
        lines += [f"🔴 {about}", *(f"• {sentence}" for sentence in started)]
    if ended:
        lines += [f"🟢 Over: {about.lower()} ({', '.join(ended)})"]
    return "\n".join(lines)


def _first(told: Sequence[str]) -> Sequence[str]:
    if len(told) <= MOST_TOLD:
        return told
    return [*told[: MOST_TOLD - 1], f"and {len(told) - MOST_TOLD + 1} more, which the log of the sensor has"]


def body_for(url: str, message: str) -> dict[str, str]:
    """Return what a webhook is sent for a message: ``text``, or what its chat takes (``BODIES``)."""
    body = BODIES.get(urlsplit(url).hostname or "")
    return body(message) if body else {"text": message}


def _send(url: str, message: str) -> None:
    try:
        status = _status(url, message)
        problem = None if status in range(200, 300) else status
    except (requests.RequestException, ValueError) as failure:  # the latter of a host that no name server could know
        problem = type(failure).__name__
    if problem:
        # The address of a webhook is a secret: whoever has it can write there.
        raise UndeliveredError(
            f"The alert webhook did not take a message ({problem}): check `webhook_url` in the section [alerts] of "
            ".dlt/secrets.toml. It will be sent again."
        )


def _status(url: str, message: str) -> int:
    """Post a message; return the status it is answered with. The body is not read: nobody needs it."""
    with requests.Session() as session, Bounds(Deadline(_SECONDS), _MOST_BYTES).kept():
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter())
        # A redirect would be followed with GET, which gives a page and posts nothing.
        answer = session.post(url, json=body_for(url, message), timeout=_SECONDS, allow_redirects=False, stream=True)
        answer.close()
        return answer.status_code
