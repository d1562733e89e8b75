"""Serves an event over HTTP on this machine, as the API would: tokens, methods, counts, and the sockets.

What is answered is made in ``responses``, and made wrong in ``faults``. It listens on 127.0.0.1 only, whatever it is
given.
"""

import socket
import struct
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from requests.structures import CaseInsensitiveDict

from event_assets.sandbox.event import Event
from event_assets.sandbox.fault_queues import FaultQueues
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import (
    BASE_PATH,
    CONTENT_PATH,
    ENVELOPES,
    LIST_PATHS,
    VALIDATORS,
    Ending,
    Envelope,
    Response,
    Validators,
    answer,
    error_response,
    json_response,
)
from event_assets.sandbox.validators import Known

HOST = "127.0.0.1"
STATUS_PATH = "/sandbox"
DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - it opens invented data on this machine
DEFAULT_PAGE_SIZE = 5000
STOP_POLL_SECONDS = 0.02  # the standard library's 0.5 would be most of a short test's time


class Sandbox:
    """Serves an event while a ``with`` block (or the time between ``start()`` and ``stop()``) lasts.

    Everything but the port may be changed while it serves; the next request sees the change.

    Args:
        event: what is served.
        token: the bearer token that is asked for.
        envelope: how ``/partners`` and ``/participants`` are wrapped: ``data``, ``bare`` or ``pages``.
        page_size: how many records a page has, where the envelope is ``pages``; 5000 if not given.
        validators: what an answer can be recognised by in a conditional request: ``none`` (as with the API itself),
            ``etag`` or ``last_modified``. Who has it already gets 304 and no body.
        port: the port on 127.0.0.1; 0 takes a free one.
        log: called with one line per request: method, path and status (or fault). Never with headers, queries or
            bodies.

    Attributes:
        requests: how often each path was asked for, without its query, whatever the answer was. ``/sandbox`` is not
            counted. Start again with ``reset_requests()``.
        asked_at: when each path was asked for, in seconds of ``time.monotonic()``; counted and reset as ``requests``.

    Raises:
        ValueError: the envelope or the validator is unknown, or the page size below 1.
    """

    def __init__(
        self,
        event: Event,
        *,
        token: str = DEFAULT_TOKEN,
        envelope: Envelope = "data",
        page_size: int | None = None,
        validators: Validators = "none",
        port: int = 0,
        log: Callable[[str], object] | None = None,
    ):
        if envelope not in ENVELOPES:
            raise ValueError(f"{envelope!r} is not an envelope: {', '.join(ENVELOPES)} are.")
        if validators not in VALIDATORS:
            raise ValueError(f"{validators!r} is not a validator: {', '.join(VALIDATORS)} are.")
        if page_size is not None and page_size < 1:
            raise ValueError(f"A page of {page_size} records would never come to an end: at least 1 is needed.")
        self.event = event
        self.token = token
        self.envelope: Envelope = envelope
        self.page_size = DEFAULT_PAGE_SIZE if page_size is None else page_size
        self.validators: Validators = validators
        self.log = log
        self.requests: Counter[str] = Counter()
        self.asked_at: dict[str, list[float]] = defaultdict(list)
        self._counting = threading.Lock()
        self._faults = FaultQueues()
        self._known = Known()
        self._port = port
        self._server: _Server | None = None

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """Where the API is, for example ``http://127.0.0.1:8040/public/v1``; known from the first start on."""
        if not self._port:
            raise RuntimeError("The sandbox has no address before it is started.")
        return f"http://{HOST}:{self._port}{BASE_PATH}"

    def start(self) -> None:
        """Begins to serve, in threads that do not keep the process alive. After a stop, on the same port as before.

        Raises:
            OSError: the port cannot be had.
            RuntimeError: it serves already.
        """
        if self._server:
            raise RuntimeError(f"The sandbox already serves at {self.base_url}.")
        self._server = _Server((HOST, self._port), partial(_Handler, self))
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True).start()

    def stop(self) -> None:
        """Ends serving and closes all connections; does nothing when it is stopped already."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.close_connections()
            self._server = None

    def reset_requests(self) -> None:
        """Counts requests from 0 again."""
        with self._counting:
            self.requests.clear()
            self.asked_at.clear()

    def fail(self, endpoint: str, fault: Fault, times: int | None = None) -> None:
        """Answers an endpoint's next requests with a fault, once those that were asked for before are through.

        Only requests that would get their data meet it: a wrong token gets its 401 and uses up nothing.

        Args:
            endpoint: ``content``, ``partners`` or ``participants``.
            fault: one of ``faults``.
            times: for how many requests; without it, until ``mend``.

        Raises:
            ValueError: there is no such endpoint, the fault cannot be there, or the number is below 1.
        """
        self._faults.add(endpoint, fault, times)

    def mend(self, endpoint: str | None = None) -> None:
        """Ends the faults of an endpoint, or of all; answers that are under way stay as they are.

        Raises:
            ValueError: there is no such endpoint.
        """
        self._faults.clear(endpoint)

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        """Counts a request and makes its answer, or shows the fault whose turn it is.

        Args:
            method: the HTTP method.
            target: path and query as asked.
            headers: those of the request.
        """
        path = target.partition("?")[0]
        if path != STATUS_PATH:
            with self._counting:
                self.requests[path] += 1
                self.asked_at[path].append(time.monotonic())
        endpoint = path.removeprefix(f"{BASE_PATH}/")
        if path not in (STATUS_PATH, CONTENT_PATH, *LIST_PATHS) and endpoint not in self.event.more:
            return error_response(404, "There is nothing at this path.")
        if method != "GET":
            return error_response(405, "Only GET is answered here.", {"Allow": "GET"})
        if path == STATUS_PATH:
            return json_response(200, self._status())
        if headers.get("Authorization") != f"Bearer {self.token}":
            return error_response(401, "The token is missing or not valid.", {"WWW-Authenticate": "Bearer"})
        right = answer(self.event, target, envelope=self.envelope, page_size=self.page_size, base_url=self.base_url)
        fault = self._faults.take(endpoint)
        if not fault:
            return self._known.validated(right, target, headers, self.validators)
        address = self.base_url + target.removeprefix(BASE_PATH)
        return replace(fault.apply(right, address), fault=fault.name)

    def _status(self) -> dict[str, Any]:
        with self._counting:
            requests = dict(self.requests)
        return {"requests": requests, "envelope": self.envelope, "records": self.event.counts()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = False  # a second sandbox on a port shall fail, not take half of the first one's requests
    request_queue_size = 128  # load scripts open many connections at once

    def __init__(self, address: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler]):
        self._connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # HTTPServer's own also looks the host's name up, which takes seconds where the resolver is slow.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Ends the connections that clients keep alive: a stopped API must not go on answering them."""
        for connection in list(self._connections):
            with suppress(OSError):  # its client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away in the middle of an answer is its own business; anything else is a mistake in here.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "event-sandbox", ""
    disable_nagle_algorithm = True  # or small answers on kept connections wait 40 ms for an acknowledgement

    def __init__(self, sandbox: Sandbox, *args: Any):
        self._sandbox = sandbox
        super().__init__(*args)  # this handles the connection's requests

    def do_GET(self) -> None:
        self._skip_body()
        response = self._sandbox.respond(self.command, self.path, CaseInsensitiveDict(self.headers.items()))
        if self._sandbox.log:
            # Without the fault's arguments, which may be records.
            outcome = f"fault {response.fault.partition('=')[0]}" if response.fault else response.status
            self._sandbox.log(f"{self.command} {self.path.partition('?')[0]} {outcome}")
        if not response.silent:
            self._send(response)
        if response.ending:
            self._end(response.ending)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _skip_body(self) -> None:
        # What is not read would be taken for the connection's next request.
        length = self.headers.get("Content-Length", "")
        if length.isdecimal():
            self.rfile.read(int(length))
        elif "Transfer-Encoding" in self.headers:
            self.close_connection = True

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            for chunk in response.chunks:
                self.wfile.write(chunk)

    def _end(self, ending: Ending) -> None:
        self.close_connection = True
        if ending == "hang":
            # Until the client goes, or the sandbox stops and shuts the connection down: nothing else has to be waited
            # for or remembered.
            while self.connection.recv(4096):
                pass
        elif ending == "reset":
            # With this option closing resets, but only if nobody says goodbye first, as the server would. The file
            # keeps the socket open, so it goes before.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        # The standard library's log shows whole request lines.
        pass
