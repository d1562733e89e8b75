"""Writes the files that have changed, and removes those of what is gone.

A list in the folder says of what each file was made. So what is as it was is not made again, and keeps its time:
programs that mirror the folder fetch only what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from event_assets.site.files import FILES_FOLDER, INDEX_FILE
from event_assets.site.folder import SiteFolder

LIST_FILE = f"{FILES_FOLDER}/files.json"
"""The list of the files, with their sizes and what they were made of."""


@dataclass(frozen=True)
class Part:
    """Files that are made of the same values.

    Attributes:
        name: Its name, the same each time. There may be a slash in it, as in the name of a file in a folder.
        fingerprint: Of the values and of how files are made of them: as long as it is the same, so are the files.
        make: Makes the files, by name. None where they stay as they are, whatever has changed, and with them those of
            all parts that are below it by their names.
    """

    name: str
    fingerprint: str
    make: Callable[[], Mapping[str, bytes]] | None


class _Written(msgspec.Struct):
    fingerprint: str
    files: dict[str, int]


class _List(msgspec.Struct):
    parts: dict[str, _Written]


@dataclass(frozen=True)
class Stored:
    """What became of the files.

    Attributes:
        sizes: The size of each file, by name within the folder of files.
        written: How many were written; the others were as they should be.
    """

    sizes: Mapping[str, int]
    written: int


def fingerprint(*values: Any) -> str:
    """Return a fingerprint of values, which differs where one of them does."""
    return hashlib.sha256(repr(values).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def store_files(
    folder: SiteFolder, parts: Iterable[Part], make_index: Callable[[Mapping[str, int]], bytes], index_of: str
) -> Stored:
    """Bring the files of a folder up to date.

    Args:
        folder: The folder of the pages.
        parts: All parts that there are.
        make_index: Makes the page that lists the files, of their sizes.
        index_of: The fingerprint of what else is on that page.

    Raises:
        SettingsError: A file cannot be written or read. It stays as it was.
    """
    before, there = _read_list(folder), folder.sizes(FILES_FOLDER)
    now: dict[str, _Written] = {}
    contents: dict[str, bytes] = {}
    for part in parts:
        old = before.get(part.name)
        if part.make is None:
            now |= {
                name: written
                for name, written in before.items()
                if name == part.name or name.startswith(f"{part.name}/")
            }
        elif old and old.fingerprint == part.fingerprint and _are_there(old, there):
            now[part.name] = old
        else:
            made = {f"{FILES_FOLDER}/{name}": content for name, content in part.make().items()}
            now[part.name] = _Written(part.fingerprint, {name: len(content) for name, content in made.items()})
            contents |= made
    sizes = {name: size for part in now.values() for name, size in part.files.items()}
    shown = {name.removeprefix(f"{FILES_FOLDER}/"): size for name, size in sizes.items()}
    index_fingerprint, index = fingerprint(index_of, shown), before.get(INDEX_FILE)
    if not (index and index.fingerprint == index_fingerprint and _are_there(index, there)):
        contents[INDEX_FILE] = make_index(shown)
        index = _Written(index_fingerprint, {INDEX_FILE: len(contents[INDEX_FILE])})
    now[INDEX_FILE] = index
    if now != before:
        contents[LIST_FILE] = msgspec.json.format(msgspec.json.encode(_List(now)), indent=1)
    folder.write(contents)
    gone = {name for part in before.values() for name in part.files} - sizes.keys() - {INDEX_FILE}
    folder.remove(sorted(gone & there.keys()))
    return Stored(shown, len(contents))


def _are_there(part: _Written, there: Mapping[str, int]) -> bool:
    return all(there.get(name) == size for name, size in part.files.items())


def _read_list(folder: SiteFolder) -> dict[str, _Written]:
    try:
        return msgspec.json.decode(folder.read(LIST_FILE) or b'{"parts": {}}', type=_List).parts
    except msgspec.DecodeError:  # somebody has changed it: then everything is made again
        return {}
