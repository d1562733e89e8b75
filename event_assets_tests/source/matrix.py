"""The fault matrix: what the API can do, and what a sync makes of it. ``matrix_page`` writes the page in ``docs/``."""

from __future__ import annotations

from event_assets.sandbox import faults
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response
from event_assets_tests.source.matrix_case import ATTEMPTS, PROVIDER, Case
from event_assets_tests.source.matrix_of_json import OF_JSON
from event_assets_tests.source.matrix_of_pages import OF_PAGES

_AGAIN = "Nothing, if the next sync succeeds; otherwise ask the API's provider."
_ADDRESS = "Look at the address in a browser, with `base_url` as configured: it may have moved, or ask for a login."
_DISTANT = "Fri, 31 Dec 99999 23:59:59 GMT"
_PACKED_TWICE = Fault("packed_twice", lambda *_: Response(200, {"Content-Encoding": "gzip, gzip"}, (), ending="close"))
_TOO_LARGE = Fault("too_large", lambda *_: Response(200, {"Content-Length": "1000000001"}, (b"[",)))
_LARGE_ERROR = Fault("large_error", lambda *_: Response(404, {"Content-Length": "1000000001"}, (b"[",)))
_NO_CONTENT = Fault("204", lambda *_: Response(204, {}, ()))

MATRIX = (
    Case(
        "answers 429, 500, 502, 503 or 504, and recovers",
        "loaded after a retry",
        tuple(faults.status(code) for code in (429, 500, 502, 503, 504)),
        says="returned",
        requests=2,
        once=True,
    ),
    Case(
        "asks to wait (`Retry-After`), in seconds, as a date, or as nonsense",
        "loaded after a retry",
        tuple(
            faults.status(429, retry_after=value)
            for value in ("0", "1", "-1", "soon", "99999999", "Wed, 21 Oct 2015 07:28:00 GMT", _DISTANT)
        ),
        says="returned 429",
        requests=2,
        once=True,
    ),
    Case(
        "loses the connection, cuts the body short or falls silent, and recovers",
        "loaded after a retry",
        (faults.reset, faults.no_answer, faults.truncated, faults.stalled, faults.hang),
        says="failed (",
        requests=2,
        once=True,
    ),
    Case(
        "keeps answering 429 or 5xx",
        "refused",
        (faults.status(429), faults.status(503), faults.status(504)),
        says="The next sync tries again",
        requests=ATTEMPTS,
        do=_AGAIN,
    ),
    Case(
        "keeps losing the connection",
        "refused",
        (faults.reset, faults.no_answer),
        says="could not connect",
        requests=ATTEMPTS,
        do="Check the network and `base_url`; otherwise ask the API's provider.",
    ),
    Case(
        "keeps falling silent", "refused", (faults.hang, faults.stalled), "timed out in every attempt", ATTEMPTS, _AGAIN
    ),
    Case("keeps cutting the body short", "refused", (faults.truncated,), "a truncated body", ATTEMPTS, _AGAIN),
    Case(
        "does not accept the token (401)",
        "refused",
        (faults.status(401),),
        says="the token is not accepted",
        do="Put the event's present token into `api_token`: making a new one revokes the old one.",
    ),
    Case(
        "does not let the token read this (403)",
        "refused",
        (faults.status(403),),
        says="the token may not read this",
        do="Check that `api_token` belongs to this event.",
    ),
    Case(
        "has moved (404)",
        "refused",
        (faults.status(404), _LARGE_ERROR),
        "the address does not exist",
        do="Correct `base_url`.",
    ),
    Case(
        "is gone (410)",
        "refused",
        (faults.status(410),),
        says="the address no longer exists",
        do="Correct `base_url`: the API may have moved.",
    ),
    Case(
        "does not answer GET (405)",
        "refused",
        (faults.status(405),),
        says="the address does not support GET",
        do="Correct `base_url`.",
    ),
    Case(
        "rejects the request (400, 422)",
        "refused",
        (faults.status(400), faults.status(422)),
        says="Check `base_url`, or ask the API's provider",
        do=PROVIDER,
    ),
    Case(
        "answers another error",
        "refused",
        (faults.status(402), faults.status(451), faults.status(501)),
        says="returned",
        do=PROVIDER,
    ),
    Case(
        "sends a body that its `Content-Encoding` does not describe, or that is compressed more than once",
        "refused",
        (faults.broken_gzip, _PACKED_TWICE),
        says="a body that cannot be decompressed",
        do=PROVIDER,
    ),
    Case(
        "sends more than `request_max_answer_megabytes`, compressed or decompressed",
        "refused",
        (_TOO_LARGE,),
        says="returned more than 1,000 MB",
        do="Raise the setting, if the API has so much; otherwise ask the API's provider.",
    ),
    Case(
        "redirects to another host, however its address is written",
        "refused",
        (
            faults.redirect_elsewhere("http://elsewhere.example.org/"),
            faults.redirect_elsewhere("https://x.example", 307),
            faults.redirect_elsewhere("//x.example/public/v1"),
            faults.redirect_elsewhere("http://127.0.0.1\\@x.example/public/v1"),
        ),
        says="was not followed, because the token is not meant for another host",
        do=_ADDRESS,
    ),
    Case("sends a web page with status 200", "refused", (faults.html_page,), "returned HTML", do=_ADDRESS),
    Case("sends an empty body with status 200", "refused", (faults.empty_body,), "returned an empty body", do=PROVIDER),
    Case("answers 204", "refused", (_NO_CONTENT,), "returned status 204", do=PROVIDER),
    Case(
        "sends no JSON, truncated JSON, or JSON that is not UTF-8",
        "refused",
        (faults.not_json, faults.truncated_json, faults.invalid_utf8),
        says="returned invalid or truncated JSON",
        do=PROVIDER,
    ),
    Case(
        "sends an error object with status 200",
        "refused",
        (faults.error_object,),
        says="an object with the fields error",
        do=PROVIDER,
    ),
    Case(
        "sends neither an object nor a list",
        "refused",
        (
            faults.top_level(7),
            faults.top_level("x"),
            faults.top_level(None),
            faults.top_level(True),
            faults.top_level({}),
        ),
        says="returned",
        do=PROVIDER,
    ),
    Case(
        "sends a list for `/content`",
        "refused",
        (faults.top_level([]), faults.top_level([{"id": 1}])),
        says="returned a list",
        do=PROVIDER,
        endpoints=("content",),
    ),
    Case(
        "sends a resource of `/content` that is not a list of objects",
        "refused",
        tuple(
            faults.replace_resource("halls", value) for value in ("x", 7, {}, {"a": 1}, [1, 2], [{"id": 1}, "x"], True)
        ),
        says="expected halls as a list of objects",
        do=PROVIDER,
    ),
    Case(
        "leaves a resource of `/content` out, or sends null for it",
        "unchanged",
        (faults.without_resource("halls"), faults.replace_resource("halls", None)),
        says="The response has no halls: raw.halls is unchanged.",
        do="Nothing, if the event has none (a check warns). Otherwise ask the API's provider.",
    ),
    Case(
        "sends a list whose `data` is not a list of objects",
        "refused",
        tuple(faults.data_value(value) for value in ("x", 7, None, {}, [1], [{"id": 1}, None])),
        says="expected a list of objects",
        do=PROVIDER,
    ),
    Case("sends a list without its envelope", "loaded", (faults.bare_array,), do="Nothing: both are accepted."),
    Case(
        "sends the only record of a list without the list",
        "loaded",
        (faults.single_object, faults.single_object_in_data),
        do="Nothing: it is taken as a list of one.",
        records=1,
    ),
    *OF_PAGES,
    *OF_JSON,
    Case(
        "sends an empty list where there were records",
        "refused",
        (faults.data_value([]), faults.replace_resource("lectures", [])),
        says="more than the settings allow",
        do="If that is intended, allow it once: `make run ALLOW_REMOVALS=yes`, or `allow_removals` in a run's config.",
    ),
)
