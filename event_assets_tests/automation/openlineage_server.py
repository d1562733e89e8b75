"""A server that takes OpenLineage's events, and the project's own schemas of them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Event = dict[str, Any]


@dataclass
class OpenLineageServer:
    """A server while it serves.

    Attributes:
        address: Where it takes events.
        status: What it answers with.
        refused: The job whose events it finds to be wrong.
        events: The events that it took, in their order.
        keys: What each request had as its Authorization.
        requests: How many there were, and of which method.
        moved_to: Where it redirects to.
    """

    address: str = ""
    status: int = 200
    refused: str = ""
    events: list[Event] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    moved_to: str = ""

    def of(self, job: str, state: str = "COMPLETE") -> Event:
        """Return the one event of a job in a state."""
        [found] = [event for event in self.events if event["job"]["name"] == job and event["eventType"] == state]
        return found

    def output(self, table: str) -> Event:
        """Return a table as the one job that has written it tells it."""
        [found] = [
            each for event in self.events for each in event["outputs"] if each["name"] == f"warehouse.{table}"
        ]  # fmt: skip
        return found


@contextmanager
def serving_openlineage() -> Iterator[OpenLineageServer]:
    """Serve for the length of a block."""
    state = OpenLineageServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(f"POST {self.path}")
            state.keys.append(self.headers["Authorization"])
            is_wrong = state.refused and event["job"]["name"] == state.refused
            status = 422 if is_wrong else state.status
            if status == 200:
                state.events.append(event)
            self.send_response(status)
            if state.moved_to:
                self.send_header("Location", state.moved_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            state.requests.append(f"GET {self.path}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        state.address = f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
        yield state
        server.shutdown()


def validate(event: Event) -> None:
    """See to it that an event, and each facet in it, fits the schema that it names.

    They are those of github.com/OpenLineage/OpenLineage at 8f02abf (Apache-2.0), without descriptions and examples.

    Raises:
        ValidationError: It does not.
    """
    _validator(event["schemaURL"]).validate(event)
    for holder in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        for kind in ("facets", "inputFacets", "outputFacets"):
            for facet in holder.get(kind, {}).values():
                _validator(facet["_schemaURL"]).validate(facet)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": schema}, registry=_schemas())


@cache
def _schemas() -> Registry:
    found = json.loads(Path(__file__).with_name("openlineage_schemas.json").read_bytes())
    return Registry().with_resources((each["$id"], DRAFT202012.create_resource(each)) for each in found)
