"""Generates ``docs/what-happens-when.md``: the fault matrix, and other faults.

``python -m event_assets_tests.source.matrix_page`` prints it.
"""

import sys
from itertools import groupby

from event_assets_tests.source.matrix import MATRIX

_BEFORE = """\
# What happens when …

For the engineer on call: what the event API can do, and what a sync does then. Every row is tested against the sandbox,
at each endpoint where it can happen. `make docs` generates this page from `event_assets_tests/source/matrix.py`.

If a response is refused, **the tables are unchanged**, and the other endpoints are still synced. The quoted text is
part of the run's error message. `.venv/bin/python -m event_assets.sandbox --help` lists how to simulate each case."""

_OTHERWISE = (
    (
        "A record has no usable key, or the key of an earlier record of the same response",
        "It goes to `raw.rejected` with the reason; the first record of a key wins. The check `no_rejected_records` "
        "warns. Identifiers are numbers or texts; e-mail addresses are trimmed and compared in lower case.",
    ),
    (
        "A participant's e-mail address is missing, or a placeholder without an @, as anonymous and deleted accounts "
        "have",
        "The account is identified by its `id`, so that everybody is counted. Somebody who gives up the address is a "
        "removed row and a new one. A second record with the same address is still rejected.",
    ),
    (
        "A value does not match its column's type",
        "It is kept as text in the variant column (`capacity__v_text`), or as an entry of the list. The check "
        "`values_match_declared_types` warns until a response has no such value.",
    ),
    (
        'Complete records instead of identifiers (`speakers: [{"id": 7, …}]`)',
        "Only their identifiers are loaded. A record without one is loaded into the link table as text, the check "
        "`values_match_declared_types` warns, and no model reads it. Where personal data is hashed or dropped, it is "
        "left out and counted.",
    ),
    (
        "The API sends a new field",
        "It becomes a text column, and the check `no_undeclared_fields` warns: declare the field in "
        "`source/tables/schema.py`. Where personal data is hashed or dropped, the field is left out and counted. Its "
        "name is in no message, because it may be personal data: look at the columns of the table.",
    ),
    (
        "An e-mail address is in a title, a description or an identifier",
        "Where personal data is hashed, its hash replaces it. Where it is dropped, the address is removed; a record "
        "with an address in its identifier has no usable key then. Previews and checks never show an address.",
    ),
    (
        "A record is gone from the API",
        "Its row gets `removed_at`, and no summary counts it. It is live again when the record returns.",
    ),
    (
        "A paged list changes while its pages are read",
        "A record that moves to a page that was already read is missed until the next sync. A record that moves the "
        "other way comes twice, and the second one is rejected. A list with fewer records than a page has announced "
        "is refused.",
    ),
    (
        "Somebody adds or deletes rows of a raw table, of a link table or of `raw.rejected`, or drops one",
        "The next sync of the table restores it, also from an unchanged response.",
    ),
    (
        "`personal_data` or its secret is changed",
        "The next sync of each table replaces or erases the personal data in it. All participants are replaced, "
        "because their keys change. Columns of undeclared fields are dropped. The warehouse file is rewritten at the "
        "end of the run and once more when the models are rebuilt. Delete backups and file system snapshots yourself.",
    ),
    (
        "A run is killed at any moment",
        "The next sync compares the response with the rows and completes them. Nothing is loaded twice.",
    ),
    ("Another run is writing", "The run waits up to ten minutes, and logs it."),
    (
        "A server responds slowly",
        "Other runs can write meanwhile: a sync locks the warehouse only while it reads or writes. A second sync of "
        "the same endpoint waits.",
    ),
    ("Another program has the warehouse open", "The run fails before any request, and names the file."),
    (
        "The server's certificate has expired, or has another host name",
        "The sync fails without a retry and says what is wrong with the certificate. The tables are unchanged.",
    ),
    (
        "The proxy is down",
        "The sync fails after its retries and says where the proxy is set. The tables are unchanged.",
    ),
    (
        "A response trickles, decompresses to nothing, or redirects without end",
        "The sync fails when all attempts, waits and redirects of a request have taken `request_max_total_wait` (ten "
        "minutes; 30 seconds in the change sensor). The tables are unchanged.",
    ),
    (
        "The disk is full, or memory is too small, while a response is read",
        "The sync fails and says where space is needed. The tables are unchanged. If rows were already being written, "
        "each table holds either its old or its new rows, and the next sync completes what is missing.",
    ),
    (
        "A chat's webhook is down or slow",
        "It gets five seconds. Syncs go on, and the message is sent again at the next evaluation.",
    ),
    (
        "No token is configured",
        "`make run` and `make ui` use the sandbox, and say so. Any other run fails before any request, and says where "
        "to put the token.",
    ),
    ("A setting is invalid", "The command or run fails before any request, and says what to correct."),
    (
        "A Dagster process dies while `make ui` runs, or the code server does not respond",
        "It is restarted within seconds. If that does not help, `make ui` ends with a message and status 1.",
    ),
    (
        "Dagster's home vanishes while `make ui` runs, or its disk stays full",
        "`make ui` ends with a message and status 1, within seconds. The tables are unchanged.",
    ),
    (
        "A database in Dagster's home is damaged, or a custom `dagster.yaml` is invalid",
        "`make run` and `make ui` do not start. They name the file, what is lost without it, and what to do.",
    ),
    (
        "The package is installed without a checkout, and there is no `.dlt/config.toml`",
        "dlt's telemetry is off, and dlt keeps no copies of rows after a load.",
    ),
)


def page() -> str:
    """Return the page in Markdown."""
    lines = [*_BEFORE.splitlines()]
    titles = {
        "loaded": "The response is loaded",
        "loaded after a retry": "The request is retried, and the response loaded",
        "unchanged": "The table is unchanged, and a check warns",
        "refused": "The response is refused",
    }
    ordered = sorted(MATRIX, key=lambda case: list(titles).index(case.outcome))
    for outcome, cases in groupby(ordered, key=lambda case: case.outcome):
        lines += ["", f"## {titles[outcome]}", "", "| the API … | error message | what to do |", "|---|---|---|"]
        lines += [f"| {case.what} | {f'«{case.says}»' if case.says else ''} | {case.do} |" for case in cases]
    lines += ["", "## Other faults", "", "| fault | result |", "|---|---|"]
    lines += [f"| {what} | {becomes} |" for what, becomes in _OTHERWISE]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
