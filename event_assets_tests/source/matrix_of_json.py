"""The part of the fault matrix on JSON that parsers lose something of."""

from __future__ import annotations

from collections.abc import Callable

from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response
from event_assets_tests.source.matrix_case import PROVIDER, Case

_LISTS = ("partners", "participants")


def _rewritten(name: str, rewrite: Callable[[bytes], bytes], *endpoints: str) -> Fault:
    """The right answer, its text rewritten."""

    def answer(right: Response, _: str) -> Response:
        body = rewrite(b"".join(right.chunks))
        return Response(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}, (body,))

    return Fault(name, answer, endpoints)


def _in_first_record(name: str, member: bytes) -> Fault:
    """The right answer, its first record with a member more."""
    return _rewritten(name, lambda body: body.replace(b'{"id":', b"{" + member + b',"id":', 1), "content", *_LISTS)


OF_JSON = (
    Case(
        "sends a number of thousands of digits",
        "loaded",
        (_in_first_record("digits", b'"more":' + b"7" * 5_000),),
        do="Nothing: it is kept as text, as is any value that does not fit its column.",
    ),
    Case(
        "sends a NUL character, or half a surrogate pair, in a text",
        "loaded",
        (_in_first_record("nul", rb'"updated_at":"a\u0000b\ud800"'),),
        do="Nothing: it is kept as its JSON escape, such as `\\u0000`, because not every database can store it.",
    ),
    Case(
        "sends a field of a record twice, with different values",
        "loaded",
        (_in_first_record("field_twice", b'"updated_at":"a","updated_at":"b"'),),
        do="Nothing is lost: the last value counts, and the one before becomes the field `updated_at_2`, for which "
        "the check `no_undeclared_fields` warns. A record with two values of its key field is rejected.",
    ),
    Case(
        "sends `data`, or a resource of `/content`, twice",
        "refused",
        (
            _rewritten("data_twice", lambda body: b'{"data":[{"id":1}],' + body[1:], *_LISTS),
            _rewritten("halls_twice", lambda body: b'{"halls":[{"id":1}],' + body[1:], "content"),
        ),
        says="an object that has a field twice, with different values",
        do=PROVIDER,
    ),
)
