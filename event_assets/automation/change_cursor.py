"""What the change sensor keeps between two looks, and what it decides by that. Fingerprints and sentences only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

from event_assets.assets.keys import EventNames
from event_assets.assets.versions import Materialisations
from event_assets.automation.clock import is_ahead
from event_assets.settings import EventApiSettings
from event_assets.source.probe import ProbeError, Seen

MINUTE = timedelta(minutes=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(minutes=15)
"""Between two looks at an endpoint that fails, and between two requests of what a run did not bring about: twice as
long each time."""

TRUSTED_FOR = timedelta(hours=1)
"""How long the server's word is taken that nothing has changed. Then it is asked without its validators, which can say
so of what has changed."""

FAILURES_UNTIL_TOLD = 3
"""Looks that fail in a row before people are alerted. What no later attempt resolves, such as a token that was revoked,
is reported at once."""


@dataclass
class EndpointState:
    """What the sensor knows of an endpoint. Fingerprints and sentences, nobody's data.

    Attributes:
        seen: What it answered the last time.
        failures: Looks that failed since then.
        trouble: What was wrong at the last of them, as a sentence; "" if nothing was.
        failed_at: When that was, as a timestamp.
        failed_as: Where it was asked then, and with which token, as a digest.
        wait_until: When to look again, as a timestamp.
        whole_at: When it was last asked without the server's validators, as a timestamp.
        asked_for: The versions of the resources that were asked for last, and are not there yet.
        asked_at: When that was, or when a run brought something else, as a timestamp.
        attempts: How often they were asked for.
        looked_at: When it was last asked, as a timestamp.
    """

    seen: Seen | None = None
    failures: int = 0
    trouble: str = ""
    failed_at: float = 0
    failed_as: str = ""
    wait_until: float = 0
    whole_at: float = 0
    asked_for: dict[str, str] = field(default_factory=dict)
    asked_at: float = 0
    attempts: int = 0
    looked_at: float = 0

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> EndpointState:
        """Read what `asdict` has written, be it of an earlier release: what that stored otherwise is read again."""
        seen = value.get("seen") or {}
        of_now = seen if seen.keys() <= {each.name for each in fields(Seen)} else {}
        return cls(**{**value, "seen": Seen(**of_now) if of_now else None})

    def failed(self, error: ProbeError, at: datetime, interval: timedelta, asked_as: str) -> None:
        """Take note of a look that failed, and wait longer after each."""
        self.failed_at, self.failed_as = at.timestamp(), asked_as
        self.failures = self.failures + 1 if error.passes else max(self.failures + 1, FAILURES_UNTIL_TOLD)
        self.trouble = str(error)
        wait = _wait_after(self.failures, interval) if error.passes else LONGEST_WAIT
        self.wait_until = (at + max(wait, timedelta(seconds=error.retry_after or 0))).timestamp()

    def known(self, at: datetime) -> Seen | None:
        """Return what to compare an answer with: from time to time without the server's validators."""
        return replace(self.seen, etag="", last_modified="") if self.seen and self._asks_whole(at) else self.seen

    def _asks_whole(self, at: datetime) -> bool:
        return at.timestamp() - self.whole_at >= TRUSTED_FOR.total_seconds() or _is_ahead(self.whole_at, at)

    def succeeded(self, seen: Seen, at: datetime) -> None:
        """Take note of an answer."""
        if self.seen is None or self._asks_whole(at):
            self.whole_at = at.timestamp()
        self.seen, self.failures, self.trouble, self.wait_until = seen, 0, "", 0

    def waits(self, at: datetime, asked_as: str, synced: Iterable[datetime | None]) -> bool:
        """Return whether to ask later: it has failed, and nothing has happened since that may have bettered it.

        That would be a corrected token or address, or a run that had success. A clock that was set back counts as well.

        Args:
            at: The time.
            asked_as: Where it would be asked, and with which token, as a digest.
            synced: When each of the endpoint's tables was synced last.
        """
        was_synced = any(time and time.timestamp() > self.failed_at for time in synced)
        was_set_back = _is_ahead(self.failed_at, at)
        return at.timestamp() < self.wait_until and asked_as == self.failed_as and not (was_synced or was_set_back)

    @property
    def wait(self) -> timedelta:
        """How long to wait before what was asked for is asked for again."""
        return min(FIRST_WAIT * 2 ** min(self.attempts - 1, 10), LONGEST_WAIT)

    def missing(self, latest: Materialisations, names: EventNames) -> dict[str, str]:
        """The versions that the API has and the assets do not hold, by resource."""
        versions = self.seen.versions if self.seen else {}
        return {name: version for name, version in versions.items() if not latest.holds(names.raw_key(name), version)}

    def is_due(self, missing: Mapping[str, str], at: datetime) -> bool:
        """Whether to ask for what is missing now: it is not what was asked for last, or that was long enough ago."""
        waited = timedelta(seconds=at.timestamp() - self.asked_at)
        return bool(missing) and (missing != self.asked_for or waited >= self.wait or _is_ahead(self.asked_at, at))

    def was_synced_otherwise(
        self, missing: Mapping[str, str], latest: Materialisations, at: datetime, names: EventNames
    ) -> bool:
        """Whether something was synced since it was asked for, and yet is not as the API was seen to have it."""
        times = [time for name in missing if (time := latest.time(names.raw_key(name))) and not is_ahead(time, at)]
        return missing == self.asked_for and any(time.timestamp() > self.asked_at for time in times)

    def note_request(self, missing: dict[str, str], at: datetime) -> None:
        """Take note of what is asked for now; with nothing missing, drop what was."""
        self.attempts = (self.attempts if missing == self.asked_for else 0) + bool(missing)
        self.asked_for, self.asked_at = missing, at.timestamp()

    def note_other(self, at: datetime) -> None:
        """Take note that a run has brought something else, so that the next look reads what the API has."""
        self.seen, self.asked_at = None, at.timestamp()


@dataclass
class Cursor:
    """What the sensor keeps between two looks.

    Attributes:
        epoch: When the cursor began. With `sequence` it makes run keys that no earlier cursor has used.
        sequence: How many runs were requested.
        endpoints: What is known of each.
        sent: The troubles that people know of.
        troubles: The troubles that the last look has found: the next one sends what is new of them.
        first: The endpoint that was cut short when it was last asked, and with which a look begins; "" if none was.
    """

    epoch: int
    sequence: int = 0
    endpoints: dict[str, EndpointState] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    first: str = ""
    troubles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None, at: datetime) -> Cursor:
        """Read a cursor, or begin one."""
        if not text:
            return cls(int(at.timestamp()))
        value = orjson.loads(text)
        endpoints = {name: EndpointState.from_json(state) for name, state in value["endpoints"].items()}
        sent = value["sent"] if "sent" in value else value["told"]  # what release 0.1.0 calls it
        first, troubles = value.get("first", ""), value.get("troubles", sent)
        return cls(value["epoch"], value["sequence"], endpoints, sent, first, troubles)

    def in_turn(self, endpoints: Iterable[str]) -> list[str]:
        """The endpoints in the order of this look."""
        names = [*endpoints]
        begin = names.index(self.first) if self.first in names else 0
        return names[begin:] + names[:begin]

    def was_just_asked(self, endpoint: str, at: datetime, every: timedelta) -> bool:
        """Return whether to leave an endpoint alone at this look, that is asked less often than others.

        Args:
            endpoint: Which.
            at: The time.
            every: How often it is asked. A second less counts as well: looks do not come to the second.
        """
        looked_at = self.endpoints[endpoint].looked_at if endpoint in self.endpoints else 0
        since = timedelta(seconds=at.timestamp() - looked_at + 1)
        return since < every and not _is_ahead(looked_at, at)

    def note_answer(self, endpoint: str) -> None:
        """Take note that an endpoint was asked, so that it need not be the first any more."""
        self.first = "" if self.first == endpoint else self.first

    def note_troubles(self) -> None:
        """Take note of what people should know of, as a sentence by endpoint."""
        lasting = {name: state for name, state in self.endpoints.items() if state.failures >= FAILURES_UNTIL_TOLD}
        self.troubles = {f"/{name}": state.trouble for name, state in lasting.items()}

    def digest(self, api: EventApiSettings) -> str:
        """Where is asked and with which token, as a digest from which neither can be read."""
        salt = str(self.epoch).encode()[-16:]
        return hashlib.blake2b(f"{api.base_url} {api.api_token}".encode(), digest_size=8, salt=salt).hexdigest()

    def text(self) -> str:
        """As `read` takes it."""
        return orjson.dumps(asdict(self)).decode()

    def next_run_key(self) -> str:
        """A key that was never used, so that the daemon drops no request for one it has seen before."""
        self.sequence += 1
        return f"{self.epoch}-{self.sequence}"


def _wait_after(failures: int, interval: timedelta) -> timedelta:
    """How long to leave an endpoint alone that has failed so often in a row. Of quick looks the next one asks again."""
    if interval >= MINUTE:
        return min(interval * 2 ** min(failures, 10), LONGEST_WAIT)
    return interval if failures == 1 else min(MINUTE * 2 ** min(failures - 1, 10), LONGEST_WAIT)


def _is_ahead(timestamp: float, at: datetime) -> bool:
    return is_ahead(datetime.fromtimestamp(timestamp, timezone.utc), at)
