"""Invented people: names of several scripts from Faker, each person with an e-mail address of their own.

Faker is slow per call (a few microseconds to tens of them), so it is asked once for some hundred names per locale;
after that people are combinations drawn with the caller's random numbers. It is imported here, on first use, because
serving a saved event does not need it.
"""

import unicodedata
from array import array
from collections.abc import Callable, Iterable
from functools import cache
from random import Random
from typing import NamedTuple

from event_assets.sandbox import words

NAMES_PER_LOCALE = 300
DRAWS_PER_LOCALE = 3000  # some locales have but fifty names; asking on would never end

DOMAINS = ("example.org", "example.com", "example.net")  # reserved by RFC 2606: nobody receives what is sent there


class Locale(NamedTuple):
    """A country of some of the people."""

    code: str
    country: str
    language: str
    percent: int
    family_name_first: bool = False


LOCALES = (
    Locale("de_AT", "AT", "de", 32),
    Locale("en_GB", "GB", "en", 24),
    Locale("fr_FR", "FR", "fr", 12),
    Locale("pl_PL", "PL", "pl", 11),
    Locale("tr_TR", "TR", "tr", 9),
    Locale("ar_AA", "JO", "ar", 6),
    Locale("he_IL", "IL", "he", 4),
    Locale("ja_JP", "JP", "ja", 2, family_name_first=True),
)


class Person(NamedTuple):
    """An invented person; ``handle`` is the local part of ``email`` and as unique."""

    first_name: str
    last_name: str
    name: str
    handle: str
    email: str
    company: str
    position: str
    locale: Locale


class _Names(NamedTuple):
    """A locale's names as (name, its spelling in a-z) pairs."""

    locale: Locale
    first: list[tuple[str, str]]
    last: list[tuple[str, str]]


class People:
    """Draws people; no two of one ``People`` have the same e-mail address."""

    def __init__(self):
        self._names = _names()
        # How often each pair of names was drawn: one small number for each, where a set of addresses would take
        # 100 MB for a million people.
        self._offsets = [0]
        for names in self._names:
            self._offsets.append(self._offsets[-1] + len(names.first) * len(names.last))
        self._drawn = array("I", bytes(4 * self._offsets[-1]))
        self._shares = [number for number, locale in enumerate(LOCALES) for _ in range(locale.percent)]

    def draw(self, rng: Random, locale: int | None = None) -> Person:
        """A new person.

        Args:
            rng: where the choices come from.
            locale: an index of ``LOCALES``; by default one is drawn, each as often as its ``percent`` says.
        """
        # int(random() * n) takes a fifth of the time of choice(); this runs a million times.
        random = rng.random
        number = self._shares[int(random() * len(self._shares))] if locale is None else locale
        names = self._names[number]
        first_number = int(random() * len(names.first))
        last_number = int(random() * len(names.last))
        first, first_handle = names.first[first_number]
        last, last_handle = names.last[last_number]
        pair = self._offsets[number] + first_number * len(names.last) + last_number
        self._drawn[pair] += 1
        namesakes = self._drawn[pair]
        handle = f"{first_handle}.{last_handle}{namesakes}" if namesakes > 1 else f"{first_handle}.{last_handle}"
        return Person(
            first_name=first,
            last_name=last,
            name=f"{last} {first}" if names.locale.family_name_first else f"{first} {last}",
            handle=handle,
            email=f"{handle}@{DOMAINS[int(random() * len(DOMAINS))]}",
            company=words.COMPANIES[int(random() * len(words.COMPANIES))],
            position=words.POSITIONS[int(random() * len(words.POSITIONS))],
            locale=names.locale,
        )


@cache
def _names() -> tuple[_Names, ...]:
    from faker import Factory

    taken: set[str] = set()  # no surname's spelling in two locales: so a pair of spellings is one pair of names
    vocabulary = []
    for locale in LOCALES:
        faker = Factory.create(locale.code, providers=["faker.providers.person"])
        # The same words for every event; an event's own seed decides how they are combined.
        faker.seed_instance(20260512)
        if locale.code == "ja_JP":  # the only one of them where Faker itself knows the spelling in a-z
            first = _spelled((native, latin) for native, _, latin in _draw(faker.get_formatter("first_name_pair")))
            last = _spelled((native, latin) for native, _, latin in _draw(faker.get_formatter("last_name_pair")))
        else:
            first = _spelled((name, name) for name in _draw(faker.get_formatter("first_name")))
            last = _spelled((name, name) for name in _draw(faker.get_formatter("last_name")))
        last = {spelling: name for spelling, name in last.items() if spelling not in taken}
        taken.update(last)
        vocabulary.append(_Names(locale, _pairs(first), _pairs(last)))
    return tuple(vocabulary)


def _draw(make: Callable[[], object]) -> Iterable:
    return (make() for _ in range(DRAWS_PER_LOCALE))


def _spelled(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names by their spelling in a-z, the first of each; names without a single letter of it are left out."""
    spelled: dict[str, str] = {}
    for name, latin in names:
        spelled.setdefault(spell(latin), name)
        if len(spelled) == NAMES_PER_LOCALE:
            break
    spelled.pop("", None)
    return spelled


def _pairs(spelled: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, spelling) for spelling, name in spelled.items()]


# What decomposing the character does not give. Arabic and Hebrew write few vowels, and so does what comes out here:
# enough for an address that looks like somebody's.
_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}  # noqa: RUF001 - the Turkish letter is meant
    | dict(zip("אבגדהוזחטיכלמנסעפצקרשת", "abgdhvzhtyklmnsapzkrst", strict=True))
    | dict(zip("ךםןףץ", "kmnfz", strict=True))
    | dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويىة", "abttghhddrzsssdtzagfqklmnhwyah", strict=True))
)


def spell(name: str) -> str:
    """A name in lower-case a-z, as people spell theirs in an address; letters of unknown scripts are left out."""
    letters = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).translate(_LETTERS)
    return "".join(letter for letter in letters if "a" <= letter <= "z")


def phone(rng: Random) -> str:
    """Return a telephone number from the ranges that Ofcom and the NANPA keep for fiction."""
    return rng.choice((f"+44 7700 900{rng.randrange(1000):03d}", f"+1 202-555-{rng.randrange(100, 200):04d}"))
