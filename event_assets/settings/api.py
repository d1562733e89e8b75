"""Settings of the API and of a sync: where to ask, how to try again, what an answer may remove, personal data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import urlsplit

from event_assets.settings.declaring import Section, SettingsError, setting
from event_assets.settings.paths import run_folder

MIN_SECRET_LENGTH = 16
"""Characters; shorter ones can be tried out by who has the hashes."""

PersonalData: TypeAlias = Literal["keep", "hash", "drop"]


@dataclass(frozen=True)
class EventApiSettings(Section):
    """Where the event API is and the bearer token for it. Without a token nothing of it is checked, nor used.

    Attributes:
        base_url: Without a trailing slash, e.g. ``https://api.example.com/public/v1``.
        api_token: Belongs to one event; kept out of every representation.
    """

    path = ("sources", "event_api")

    base_url: str = setting(
        "",
        "The address of the event API. Unset as long as there is no token either: then `make run` uses the local "
        "sandbox.",
        parse=lambda text: text.strip().rstrip("/"),
        shown='"https://api.example.com/public/v1"',
    )
    api_token: str = setting(
        "",
        "The token of the event.",
        parse=str.strip,
        secret=True,
        shown='"put the token of your event here"',
        for_event=lambda _, name: "",
    )

    def __post_init__(self) -> None:
        if not (self.base_url and self.api_token):
            return
        if not self.base_url.startswith(("http://", "https://")):
            raise SettingsError(
                "The address of the event API must begin with https:// (or http://), and the configured one does not: "
                "correct `base_url` in the section [sources.event_api] of .dlt/config.toml. Nothing was requested."
            )
        _refuse_unusable_host(self.base_url)
        if not re.fullmatch(r"[!-~]+", self.api_token):
            raise SettingsError(
                "The API token holds a blank or a character that no token has, and cannot be sent: copy it again into "
                "`api_token` in the section [sources.event_api] of .dlt/secrets.toml. Nothing was requested."
            )

    def complete(self) -> EventApiSettings:
        """Return the same, where both are configured.

        Raises:
            SettingsError: One of them is not.
        """
        if not (self.base_url and self.api_token):
            raise SettingsError(_how_to_configure(token_missing=not self.api_token, address_missing=not self.base_url))
        return self


@dataclass(frozen=True)
class ResourceSettings(Section):
    """Which resources are synced beside those of every event.

    Attributes:
        resources: Their names.
    """

    path = ("sources", "event_api")

    resources: tuple[str, ...] = setting(
        (),
        "Resources to sync beside those of every event: reviews, groups, registrations. A change counts when the "
        "definitions are loaded again.",
        raw=list,
        parse=tuple,
        fits=lambda names: all(isinstance(name, str) for name in names),
        wanted='a list of names, such as ["reviews"]',
        shown="[]",
    )


@dataclass(frozen=True)
class RetrySettings(Section):
    """How a request is tried again after a passing failure: dlt's ``runtime.request_*``, and two bounds more.

    Attributes:
        timeout: Seconds to wait for the server, at each attempt.
        max_attempts: How often to ask, the first time included.
        backoff_factor: Seconds before the second attempt; doubled for each further one, plus as much at random.
        max_delay: The longest wait between two attempts, in seconds, even where the server asks for more.
        max_total: How long attempts, waits and redirects may last together, in seconds, until the answer is there. One
            attempt may always last ``timeout``.
        max_bytes: How large an answer may be, as it comes and when it is unpacked.
    """

    path = ("runtime",)

    timeout: float = setting(
        60.0,
        "How long to wait for the server at each attempt, in seconds. A request is tried again after 429, 500, 502, "
        "503, 504, a timeout or a lost connection.",
        name="request_timeout",
        fits=lambda seconds: seconds > 0,
        wanted="more than 0",
    )
    max_attempts: int = setting(
        5,
        "How often to ask, the first time included.",
        name="request_max_attempts",
        fits=lambda attempts: attempts >= 1,
        wanted="1 or more",
    )
    backoff_factor: float = setting(
        1.0,
        "Seconds before the second attempt; doubled for each further one.",
        name="request_backoff_factor",
        fits=lambda seconds: seconds >= 0,
        wanted="0 or more",
    )
    max_delay: float = setting(
        300.0,
        "The longest wait between two attempts, in seconds, even where the server asks for more.",
        name="request_max_retry_delay",
        fits=lambda seconds: seconds >= 0,
        wanted="0 or more",
    )
    max_total: float = setting(
        600.0,
        "How long attempts, waits and redirects may last together, in seconds, until the whole answer is there.",
        name="request_max_total_wait",
        fits=lambda seconds: seconds >= 0,
        wanted="0 or more",
    )
    max_bytes: float = setting(
        1e9,
        "How large an answer may be, in megabytes, as it comes and when it is unpacked. A million participants are "
        "some 300.",
        name="request_max_answer_megabytes",
        parse=lambda megabytes: megabytes * 1e6,
        fits=lambda size: size > 0,
        wanted="more than 0",
        shown="1000",
    )


@dataclass(frozen=True)
class RemovalSettings(Section):
    """When an answer would remove so much that it is refused until somebody says that it is meant.

    Attributes:
        max_share: The share of a table's rows that one answer may remove, 0 to 1.
        min_rows: Fewer removed rows than this are never too many, unless the table would be empty: an answer that has
            nothing of it is refused, one that has other rows in the place of a few is not.
        allowed: Whether somebody has said so.
    """

    path = ("sources", "event_api")

    max_share: float = setting(
        0.5,
        "An answer that would remove more of a table than this share, and at least min_removed_rows, or that would "
        "leave it empty, is refused. To let one through, run once with ALLOW_REMOVALS=yes, or set allow_removals in "
        "the run's config in the UI.",
        name="max_removed_share",
        fits=lambda share: 0 <= share <= 1,
        wanted="a share from 0 to 1, such as 0.5 for half",
    )
    min_rows: int = setting(
        10,
        "Fewer removed rows than this are never too many.",
        name="min_removed_rows",
        fits=lambda rows: rows >= 0,
        wanted="0 or more",
    )
    allowed: bool = setting(False, "Lets every answer through: rather allow one run.", name="allow_removals")


def _personal_data(text: str) -> PersonalData:
    choice = text.strip().lower()
    if choice not in get_args(PersonalData):
        raise ValueError(f"must be one of {', '.join(get_args(PersonalData))}: correct it. Nothing was requested.")
    return cast(PersonalData, choice)


@dataclass(frozen=True)
class PrivacySettings(Section):
    """What becomes of personal data before anything is written.

    Attributes:
        personal_data: ``keep`` leaves all as it is. ``hash`` puts an HMAC in the place of each personal value: the same
            for the same value, so that it can still be counted and joined. ``drop`` leaves them out.
        secret: The key of the HMAC.
    """

    path = ("sources", "event_api")

    personal_data: PersonalData = setting(
        "keep",
        "What becomes of personal data before anything is written: keep, hash or drop. With hash or drop, fields that "
        "are not declared are left out, and e-mail addresses in other texts are hashed or taken out. After a change, "
        "the warehouse's file is rewritten; backups of it are not. Participants are identified by the address, its "
        "hash or the identifier, so all their rows are replaced then: that needs no ALLOW_REMOVALS.",
        parse=_personal_data,
    )
    secret: str = setting(
        "",
        "The key of the hashes, at least 16 characters, where personal_data is hash. Another one makes other hashes.",
        name="personal_data_secret",
        parse=str.strip,
        secret=True,
        shown='"at least sixteen characters that nobody guesses"',
    )

    def __post_init__(self) -> None:
        if self.personal_data == "hash" and len(self.secret) < MIN_SECRET_LENGTH:
            raise SettingsError(
                f"To hash personal data, a secret of at least {MIN_SECRET_LENGTH} characters is needed: put it into "
                '.dlt/secrets.toml as `personal_data_secret = "..."` under [sources.event_api]. Keep it: another one '
                "makes other hashes. Nothing was requested."
            )

    @property
    def clears(self) -> bool:
        """Whether rows from the time when personal data was kept are cleared of it."""
        return self.personal_data != "keep"


def _refuse_unusable_host(base_url: str) -> None:
    """See to it that an address names a host, and nobody's name, password or key: it stands in logs and messages.

    Raises:
        SettingsError: It does not.
    """
    try:
        parts = urlsplit(base_url)
        _ = parts.port  # which is looked at only when it is asked for
    except ValueError:
        raise _unusable_address("is no address") from None
    if "@" in parts.netloc:
        raise _unusable_address(
            "has a user's name or a password in it, which would stand in every log: the token is all that is sent"
        )
    if not parts.hostname:
        raise _unusable_address("names no host")
    if parts.query or parts.fragment:
        raise _unusable_address("goes on behind a ? or #, where no endpoint could be named after it")


def _unusable_address(why: str) -> SettingsError:
    # Not the address itself: there may be a password in it, also in one that cannot be read.
    return SettingsError(
        f"The configured address of the event API {why}. Correct `base_url` in the section [sources.event_api] of "
        ".dlt/config.toml, as in https://api.example.com/public/v1. Nothing was requested."
    )


def _how_to_configure(*, token_missing: bool, address_missing: bool) -> str:
    secrets, config = run_folder() / ".dlt" / "secrets.toml", run_folder() / ".dlt" / "config.toml"
    sentences = []
    if token_missing:
        sentences.append(
            "No API token is configured: put the token of your event into "
            f'{secrets} as `api_token = "..."` under [sources.event_api], '
            "or into the environment variable SOURCES__EVENT_API__API_TOKEN."
        )
    if address_missing:
        sentences.append(
            f'No API address is configured: put it into {config} as `base_url = "https://..."` under '
            "[sources.event_api], or into the environment variable SOURCES__EVENT_API__BASE_URL."
        )
    return " ".join([*sentences, "Nothing was requested and no table was changed."])
