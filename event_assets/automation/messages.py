"""Tells people that trouble has started or ended: once each, in the log, and at a webhook where one is configured.

What counts as trouble is in ``alerts`` and ``change_sensor``. Messages hold sentences and names of assets, and nobody's
data.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import requests

from event_assets.settings import alert_webhook_url

logger = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 5
"""For connecting, and for the answer. The change sensor has 60 seconds in all, and needs most where the API is slow."""


class UndeliveredError(Exception):
    """The webhook did not take a message; it will be sent again."""


def announce(about: str, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Tell what is new in the open troubles, and what is over. Nothing to tell, nothing is sent.

    Args:
        about: What the troubles are about, as a heading.
        before: The troubles that people know of: a sentence by identifier.
        now: The troubles that there are.

    Raises:
        UndeliveredError: The webhook is configured and did not take it.
        SettingsError: The webhook is configured and cannot be used.
    """
    started = [sentence for trouble, sentence in now.items() if trouble not in before]
    ended = [trouble for trouble in before if trouble not in now]
    lines = []
    if started:
        lines += [f"🔴 {about}", *(f"• {sentence}" for sentence in started)]
    if ended:
        lines += [f"🟢 Over: {about.lower()} ({', '.join(ended)})"]
    if not lines:
        return
    message = "\n".join(lines)
    logger.log(logging.ERROR if started else logging.WARNING, "%s", message)
    if url := alert_webhook_url():
        _send(url, message)


def _send(url: str, message: str) -> None:
    """Slack, Mattermost, Rocket.Chat and others take this form."""
    try:
        # A redirect would be followed with GET, which gives a page and posts nothing.
        response = requests.post(url, json={"text": message}, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        problem = None if response.status_code in range(200, 300) else response.status_code
    except (requests.RequestException, ValueError) as failure:  # the latter of a host that no name server could know
        problem = type(failure).__name__
    if problem:
        # The address of a webhook is a secret: whoever has it can write there.
        raise UndeliveredError(
            f"The alert webhook did not take a message ({problem}): check `webhook_url` in the section [alerts] of "
            ".dlt/secrets.toml. It will be sent again."
        )
