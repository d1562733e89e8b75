"""The one place that writes pages and files: a folder of this machine, or one in a bucket.

Each file is replaced in one step: who has it open, or fetches it meanwhile, has the one before or the new one.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from event_assets.settings import SettingsError, SiteSettings

_MEDIA_TYPES = {
    ".ics": "text/calendar; charset=utf-8",
    ".xml": "application/xml",
    ".atom": "application/atom+xml",
    ".parquet": "application/vnd.apache.parquet",
}
_MEDIA_TYPE_OPTIONS = {"s3": "ContentType", "gs": "content_type", "gcs": "content_type"}
"""What fsspec's file systems call the media type, where they keep one: browsers go by it."""


class SiteFolder(ABC):
    """A folder of pages and files. Names are relative to it, with ``/`` between their parts."""

    @abstractmethod
    def where(self, name: str = "") -> str:
        """Return where a file is, for people."""

    @abstractmethod
    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files, each in one step.

        Raises:
            SettingsError: One cannot be written. It stays as it was.
        """

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """Return what a file holds; None if it is not there.

        Raises:
            SettingsError: It cannot be read.
        """

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """Return the sizes of all files below a folder, by name. None, if the folder is not there.

        Raises:
            SettingsError: They cannot be listed.
        """

    @abstractmethod
    def remove(self, names: Iterable[str]) -> None:
        """Remove files.

        Raises:
            SettingsError: One cannot be removed.
        """


def open_folder(settings: SiteSettings) -> SiteFolder:
    """Return the folder that is configured. Nothing is made or asked yet, except for what a bucket's client needs.

    Raises:
        SettingsError: A setting cannot be used, or what a bucket needs is not installed.
    """
    local = settings.local_folder
    return LocalFolder(local) if local else _bucket(settings)


class LocalFolder(SiteFolder):
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        """Take its path; it need not exist."""
        self.path = path

    def where(self, name: str = "") -> str:
        """Return the path of a file."""
        return str(self.path / name)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files; see the base class."""
        for name, content in files.items():
            path = self.path / name
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    temporary.write_bytes(content)
                    temporary.replace(path)
                finally:
                    temporary.unlink(missing_ok=True)
            except OSError as error:
                raise _unusable(f"{path} cannot be written", error) from error

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; see the base class."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(f"{self.path / name} cannot be read", error) from error

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the sizes of all files below a folder; see the base class."""
        found: dict[str, int] = {}
        for at, _, names in os.walk(self.path / folder):
            for name in names:
                path = Path(at, name)
                found[path.relative_to(self.path).as_posix()] = path.stat().st_size
        return found

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; see the base class."""
        for name in names:
            try:
                (self.path / name).unlink(missing_ok=True)
            except OSError as error:
                raise _unusable(f"{self.path / name} cannot be removed", error) from error


class BucketFolder(SiteFolder):
    """A folder in a bucket, by way of fsspec. What a store has of a name is replaced when the upload is complete."""

    def __init__(self, files: Any, root: str, protocol: str) -> None:
        """Take a file system of fsspec, which is synchronous, the path in it, and the protocol of its addresses."""
        self._files = files
        self._root = root.rstrip("/")
        self._protocol = protocol

    def where(self, name: str = "") -> str:
        """Return the address of a file."""
        return f"{self._protocol}://{self._path(name)}".rstrip("/")

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files; see the base class. Those of one media type at once."""
        by_type: dict[str, dict[str, bytes]] = {}
        for name, content in files.items():
            by_type.setdefault(media_type(name), {})[self._path(name)] = content
        option = _MEDIA_TYPE_OPTIONS.get(self._protocol)
        for kind, contents in by_type.items():
            with _bucket_errors("written"):
                self._files.pipe(contents, **({option: kind} if option else {}))

    def read(self, name: str) -> bytes | None:
        """Return what a file holds; see the base class."""
        with _bucket_errors("read"):
            try:
                return self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return None

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the sizes of all files below a folder; see the base class."""
        with _bucket_errors("read"):
            self._files.invalidate_cache()
            found = self._files.find(self._path(folder), detail=True)
        root = self._path("")
        return {path.lstrip("/").removeprefix(root.lstrip("/")): each["size"] for path, each in found.items()}

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; see the base class."""
        paths = [self._path(name) for name in names]
        if paths:
            with _bucket_errors("removed"):
                self._files.rm(paths)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def media_type(name: str) -> str:
    """Return the media type of a file, by the ending of its name."""
    kind = _MEDIA_TYPES.get(os.path.splitext(name)[1]) or guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") and "charset" not in kind else kind


def _bucket(settings: SiteSettings) -> BucketFolder:
    from dlt.common.exceptions import MissingDependencyException
    from dlt.common.storages import fsspec_from_config

    storage = settings.storage()
    try:
        files, root = fsspec_from_config(storage)
    except (MissingDependencyException, ImportError) as error:
        raise SettingsError(
            "`folder` in the section [site] of .dlt/config.toml needs a package that is not installed: install "
            f'"dlt[{storage.protocol}]". Nothing was written.'
        ) from error
    except ValueError:  # no file system has such addresses
        raise settings.unusable_folder() from None
    return BucketFolder(files, root, storage.protocol)


@contextmanager
def _bucket_errors(done: str) -> Iterator[None]:
    """Raise what a bucket's client raises as a ``SettingsError`` without its text, which may quote keys."""
    try:
        yield
    except Exception as error:
        raise SettingsError(
            f"The bucket of the pages cannot be {done} ({type(error).__name__}): what is there stays. Check `folder` "
            "in the section [site] of .dlt/config.toml and the keys in [site.credentials] of .dlt/secrets.toml."
        ) from None


def _unusable(what: str, error: OSError) -> SettingsError:
    return SettingsError(
        f"{what} ({error.strerror}): the page stays as it was. Let this user write there, or set `folder` in the "
        "section [site] of .dlt/config.toml to another place."
    )
