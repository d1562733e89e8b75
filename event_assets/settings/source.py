"""Settings of the source: the API, how requests are tried again, what an answer may remove, personal data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Optional, TypeAlias, cast, get_args
from urllib.parse import urlsplit

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration, RuntimeConfiguration
from dlt.common.typing import TSecretStrValue

from event_assets.settings.places import run_folder
from event_assets.settings.reading import SettingsError, require, resolve


@dataclass(frozen=True)
class EventApiSettings:
    """Where the event API is and the bearer token for it.

    Attributes:
        base_url: Without a trailing slash, e.g. ``https://api.example.com/public/v1``.
        api_token: Belongs to one event; kept out of every representation.
    """

    base_url: str
    api_token: str = field(repr=False)


@configspec
class _EventApiSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("sources", "event_api")

    base_url: Optional[str] = None  # noqa: UP045  # dlt reads the hint at run time
    api_token: Optional[TSecretStrValue] = None  # noqa: UP045


MIN_SECRET_LENGTH = 16
"""Characters; shorter ones can be tried out by who has the hashes."""

PersonalData: TypeAlias = Literal["keep", "hash", "drop"]


@dataclass(frozen=True)
class PrivacySettings:
    """What becomes of personal data before anything is written.

    Attributes:
        personal_data: ``keep`` leaves all as it is. ``hash`` puts an HMAC in the place of each personal value: the same
            for the same value, so that it can still be counted and joined. ``drop`` leaves them out.
        secret: The key of the HMAC.
    """

    personal_data: PersonalData = "keep"
    secret: str = field(default="", repr=False)

    @property
    def clears(self) -> bool:
        """Whether rows from the time when personal data was kept are cleared of it."""
        return self.personal_data != "keep"


@dataclass(frozen=True)
class RetrySettings:
    """How a request is tried again after a passing failure: dlt's ``runtime.request_*``, and two bounds more.

    Attributes:
        timeout: Seconds to wait for the server, at each attempt.
        max_attempts: How often to ask, the first time included.
        backoff_factor: Seconds before the second attempt; doubled for each further one, plus as much at random.
        max_delay: The longest wait between two attempts, in seconds, whatever the server asks for.
        max_total: How long attempts, waits and redirects may last together, in seconds, until the answer is there. One
            attempt may always last ``timeout``.
        max_bytes: How large an answer may be, as it comes and when it is unpacked. A million participants are some
            300 MB.
    """

    timeout: float = 60
    max_attempts: int = 5
    backoff_factor: float = 1
    max_delay: float = 300
    max_total: float = 600
    max_bytes: float = 1e9


@dataclass(frozen=True)
class RemovalSettings:
    """When an answer would remove so much that it is refused until somebody says that it is meant.

    Attributes:
        max_share: The share of a table's rows that one answer may remove, 0 to 1.
        min_rows: Fewer removed rows than this are never too many, unless the table would be empty: an answer that has
            nothing of it is refused, one that has other rows in the place of a few is not.
        allowed: Whether somebody has said so.
    """

    max_share: float = 0.5
    min_rows: int = 10
    allowed: bool = False


@configspec
class _RuntimeSpec(RuntimeConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("runtime",)

    request_max_total_wait: float = RetrySettings.max_total
    request_max_answer_megabytes: float = RetrySettings.max_bytes / 1e6


@configspec
class _SyncSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("sources", "event_api")

    personal_data: str = "keep"
    personal_data_secret: Optional[TSecretStrValue] = None  # noqa: UP045
    max_removed_share: float = 0.5
    min_removed_rows: int = 10
    allow_removals: bool = False


def event_api_settings() -> EventApiSettings:
    """Read the address and the token of the event API (``sources.event_api``, or plain ``base_url``, ``api_token``).

    Raises:
        SettingsError: One of them is not configured, the address is not an http address or has a password in it, or the
            token cannot be sent.
    """
    spec = resolve(_EventApiSpec())
    base_url, api_token = (str(value or "").strip() for value in (spec.base_url, spec.api_token))
    if not (base_url and api_token):
        raise SettingsError(_how_to_configure(token_missing=not api_token, address_missing=not base_url))
    if not base_url.startswith(("http://", "https://")):
        raise SettingsError(
            "The address of the event API must begin with https:// (or http://), and the configured one does not: "
            "correct `base_url` in the section [sources.event_api] of .dlt/config.toml. Nothing was requested."
        )
    _refuse_unusable_host(base_url)
    if not re.fullmatch(r"[!-~]+", api_token):
        raise SettingsError(
            "The API token holds a blank or a character that no token has, and cannot be sent: copy it anew into "
            "`api_token` in the section [sources.event_api] of .dlt/secrets.toml. Nothing was requested."
        )
    return EventApiSettings(base_url=base_url.rstrip("/"), api_token=api_token)


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


def has_api_token() -> bool:
    """Whether a token of the event API is configured anywhere."""
    return bool(str(resolve(_EventApiSpec()).api_token or "").strip())


def retry_settings() -> RetrySettings:
    """Read how requests are tried again (``runtime.request_*``).

    Raises:
        SettingsError: One would have no request made, or is negative.
    """
    spec = resolve(_RuntimeSpec())
    require(
        spec,
        "more than 0",
        request_timeout=spec.request_timeout > 0,
        request_max_answer_megabytes=spec.request_max_answer_megabytes > 0,
    )
    require(spec, "1 or more", request_max_attempts=spec.request_max_attempts >= 1)
    require(
        spec,
        "0 or more",
        request_backoff_factor=spec.request_backoff_factor >= 0,
        request_max_retry_delay=spec.request_max_retry_delay >= 0,
        request_max_total_wait=spec.request_max_total_wait >= 0,
    )
    return RetrySettings(
        timeout=spec.request_timeout,
        max_attempts=spec.request_max_attempts,
        backoff_factor=spec.request_backoff_factor,
        max_delay=spec.request_max_retry_delay,
        max_total=spec.request_max_total_wait,
        max_bytes=spec.request_max_answer_megabytes * 1e6,
    )


def removal_settings() -> RemovalSettings:
    """Read what an answer may remove (``sources.event_api.max_removed_share`` and others).

    Raises:
        SettingsError: The share is none, or the number is negative: every answer would be let through, or none.
    """
    spec = resolve(_SyncSpec())
    require(spec, "a share from 0 to 1, such as 0.5 for half", max_removed_share=0 <= spec.max_removed_share <= 1)
    require(spec, "0 or more", min_removed_rows=spec.min_removed_rows >= 0)
    return RemovalSettings(spec.max_removed_share, spec.min_removed_rows, spec.allow_removals)


def privacy_settings() -> PrivacySettings:
    """Read what becomes of personal data (``sources.event_api.personal_data``): keep, hash or drop.

    Raises:
        SettingsError: The word is none of these, or there is no secret to hash with.
    """
    spec = resolve(_SyncSpec())
    choice, secret = str(spec.personal_data).strip().lower(), str(spec.personal_data_secret or "").strip()
    if choice not in get_args(PersonalData):
        raise SettingsError(
            f"`personal_data` must be one of {', '.join(get_args(PersonalData))}: correct it in the section "
            "[sources.event_api] of .dlt/config.toml. Nothing was requested."
        )
    if choice == "hash" and len(secret) < MIN_SECRET_LENGTH:
        raise SettingsError(
            f"To hash personal data, a secret of at least {MIN_SECRET_LENGTH} characters is needed: put it into "
            '.dlt/secrets.toml as `personal_data_secret = "..."` under [sources.event_api]. Keep it: another secret '
            "makes other hashes. Nothing was requested."
        )
    return PrivacySettings(cast(PersonalData, choice), secret)


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
