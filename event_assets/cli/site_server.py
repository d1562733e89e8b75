"""Serves the folder of pages to browsers of this machine, with the standard library's server."""

from __future__ import annotations

import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from urllib.parse import unquote, urlsplit

import click

from event_assets.site import CATALOGUE_FILE, EVENT_FILE, EVENTS_FILE

_NOT_YET = "The page is not there yet: it is made with each refresh, and by `event-assets site`."


class SiteHandler(SimpleHTTPRequestHandler):
    """Answers GET and HEAD with the files of the folder: no lists of files, and nothing that a link leads out to."""

    server_version = "event_assets"
    sys_version = ""
    extensions_map = {  # noqa: RUF012  # as the base class has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".ics": "text/calendar; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".xml": "application/xml",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".parquet": "application/vnd.apache.parquet",
    }

    def send_head(self):  # what the base class returns has no public type
        """Refuse what is no page of the folder, else answer as the base class does."""
        if not self._is_for_this_machine():
            self.send_error(HTTPStatus.FORBIDDEN, "These pages are served under 127.0.0.1 and localhost alone.")
            return None
        if urlsplit(self.path).path == "/" and not os.path.exists(os.path.join(self.directory, "index.html")):
            self.send_response(HTTPStatus.FOUND)
            pages = (EVENTS_FILE, EVENT_FILE)
            there = (page for page in pages if os.path.exists(os.path.join(self.directory, page)))
            first = next(there, CATALOGUE_FILE)
            self.send_header("Location", f"/{first}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        found = Path(self.translate_path(self.path)).resolve()
        if found.is_dir():
            found /= "index.html"
        if any(part.startswith(".") for part in unquote(self.path).split("/")) or not (
            found.is_file() and found.is_relative_to(Path(self.directory).resolve())
        ):
            self.send_error(HTTPStatus.NOT_FOUND, _NOT_YET)
            return None
        return super().send_head()

    def _is_for_this_machine(self) -> bool:
        """Whether the browser asked for this machine by its name: a foreign page can have another name lead here."""
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        return host in ("127.0.0.1", "localhost")

    def end_headers(self) -> None:
        """Add what lets browsers ask again, guess no type, and show the pages in no other site's frame."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for what goes wrong."""


def site_server(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Return the server of a folder, which may be made later.

    Args:
        folder: The folder.
        host: The address that it listens at.
        port: Its port; 0 for a free one.

    Raises:
        OSError: Another program listens there.
    """
    return ThreadingHTTPServer((host, port), partial(SiteHandler, directory=str(folder)))


def serve_site(folder: Path, host: str, port: int) -> None:
    """Serve a folder until this process ends. Where another program has the port, say so and serve nothing.

    Args:
        folder: The folder.
        host: The address to listen at.
        port: The port.
    """
    try:
        server = site_server(folder, host, port)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        click.echo(f"The pages cannot be served on {host}:{port} ({reason}): open them in {folder}.", err=True)
        Event().wait()
        return
    with server:
        server.serve_forever()
