"""What is asked at the door, and what it answers: the cases of the test, and the table in ``docs/door.md``.

``python -m event_assets_tests.deploy.requests_at_door > docs/door.md`` writes the page (``make docs`` does).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from event_assets_tests.deploy.door import OPERATOR, READER

JSON = {"Content-Type": "application/json"}
OWN = {"Origin": "<own>"}
"""Stands for the door's own origin."""
FOREIGN = {"Origin": "https://elsewhere.example"}
REFUSED = {401: "login", 403: "refused", 404: "not found", 405: "refused", 415: "refused", 421: "refused"}


@dataclass(frozen=True)
class Case:
    """A request.

    Attributes:
        what: What it is, for people.
        method: Its method.
        path: Its path.
        headers: Its headers; ``<own>`` is the origin of the door.
        status: How each is answered: nobody, one who may read, one who may write. 200 is the webserver's own answer.
    """

    what: str
    method: str
    path: str
    status: tuple[int, int, int]
    headers: Mapping[str, str] = field(default_factory=dict)


LET_IN, NOBODY = (401, 200, 200), (403, 403, 403)
CASES = (
    Case("a page of the UI", "GET", "/assets", LET_IN),
    Case("a page of the UI, by a link in another site", "GET", "/runs", LET_IN, {"Sec-Fetch-Site": "cross-site"}),
    Case("the UI, sent by a form of another site", "POST", "/runs", (405, 405, 405)),
    Case("the UI, by a script of another site", "GET", "/runs", NOBODY, FOREIGN),
    Case("the log of a run", "GET", "/logs/run/compute_logs/step/err", LET_IN),
    Case("a query", "POST", "/graphql", LET_IN, JSON | OWN),
    Case("a query of a program, which says no origin", "POST", "/graphql", LET_IN, JSON),
    Case("a query with another character set named", "POST", "/graphql", LET_IN,
         {"Content-Type": "application/json; charset=utf-8"} | OWN),
    Case("a mutation as a link", "GET", "/graphql?query=mutation%7BlaunchRun%7D", (405, 405, 405)),
    Case("a query as a link", "GET", "/graphql?query=%7Bversion%7D", (405, 405, 405)),
    Case("a mutation by a script of another site", "POST", "/graphql", NOBODY, JSON | FOREIGN),
    Case("a mutation by a page that has no origin", "POST", "/graphql", NOBODY, JSON | {"Origin": "null"}),
    Case("a mutation by this name at another port", "POST", "/graphql", NOBODY,
         JSON | {"Origin": "http://event.example.com:1"}),
    Case("a mutation from another site, as browsers say", "POST", "/graphql", NOBODY,
         JSON | {"Sec-Fetch-Site": "cross-site"}),
    Case("a mutation by a form", "POST", "/graphql", (415, 415, 415),
         {"Content-Type": "application/x-www-form-urlencoded"} | OWN),
    Case("a mutation as plain text", "POST", "/graphql", (415, 415, 415), {"Content-Type": "text/plain"} | OWN),
    Case("a mutation without a type", "POST", "/graphql", (415, 415, 415), OWN),
    Case("GraphQL by another method", "PUT", "/graphql", (405, 405, 405), JSON | OWN),
    Case("the WebSocket of another site", "GET", "/graphql", NOBODY,
         {"Upgrade": "websocket", "Connection": "Upgrade"} | FOREIGN),
    Case("a forged materialisation", "POST", "/report_asset_materialization/raw/halls", NOBODY, JSON | OWN),
    Case("a forged check", "POST", "/report_asset_check/raw/halls", NOBODY, JSON | OWN),
    Case("a forged observation, with a dot path", "POST", "/assets/../report_asset_observation/raw/halls", NOBODY,
         JSON | OWN),
    Case("a forged materialisation, escaped", "POST", "/%72eport_asset_materialization/raw/halls", NOBODY, JSON | OWN),
    Case("a file as a notebook", "GET", "/notebook?path=/etc/passwd", NOBODY),
    Case("deleting", "DELETE", "/runs", (405, 405, 405)),
    Case("the event's page", "GET", "/pages/event.html", LET_IN),
    Case("the pages' first one", "GET", "/pages/", LET_IN),
    Case("a hidden file beside the pages", "GET", "/pages/.secret", (404, 404, 404)),
    Case("a folder of the pages", "GET", "/pages/files/", (401, 403, 403)),
    Case("writing a page", "PUT", "/pages/event.html", (405, 405, 405)),
    Case("another name", "GET", "/assets", (421, 421, 421), {"Host": "elsewhere.example"}),
    Case("whether the door is up", "GET", "/health", (200, 200, 200)),
)  # fmt: skip

_PAGE = """# The door

For the engineer who lets people in. `make docs` writes this page from the cases that its test sends to a real nginx
(`event_assets_tests/deploy/requests_at_door.py`).

`deploy/nginx/door.conf.template` is an nginx before two webservers of Dagster: one that may write, and one that was
started with `--read-only`, for everybody whom `operators.map` does not name. What it is for is in
[serving](serving.md#who-can-reach-it).

| request | | nobody | reader | operator |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    rows = []
    for case in CASES:
        headers = "".join(f" · {name}: {value}" for name, value in case.headers.items())
        request = f"`{case.method} {case.path}`{headers.replace('<own>', 'its own')}"
        rows.append(f"| {case.what} | {request} | {' | '.join(map(_answer, case.status))} |\n")
    return _PAGE + "".join(rows)


def _answer(status: int) -> str:
    return "✓" if status == 200 else f"{REFUSED[status]} {status}"


USERS = (None, READER, OPERATOR)

if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
