"""The page in ``docs/`` of what happens when: the fault matrix and what else can happen, in Markdown.

``python -m event_assets_tests.source.matrix_page`` prints it.
"""

import sys
from itertools import groupby

from event_assets_tests.source.matrix import MATRIX

_BEFORE = """\
# What happens when …

What the event API can do, and what a sync makes of it. Every row is tested against the sandbox, at each endpoint where
it can happen; this page is written from the tests (`event_assets_tests/source/matrix.py`).

Whatever is refused, **the tables stay as they were**, and the other endpoints' tables are synced all the same. The
run's failure says the sentence that is quoted here. To see one yourself, let the sandbox do it:
`.venv/bin/python -m event_assets.sandbox --help` lists how."""

_OTHERWISE = (
    (
        "A record has no usable key, or the key of an earlier record of the same answer",
        "It goes to `raw.rejected` with the reason; the first record of a key wins. The check `no_rejected_records` "
        "warns. Identifiers are numbers or texts; addresses count without blanks around them and in lower case.",
    ),
    (
        "A value does not fit its column's type",
        "It is kept as text: beside the column (`capacity__v_text`), or as an entry of the list, where it is one. The "
        "check `values_match_declared_types` warns as long as answers have any.",
    ),
    (
        'Whole records come in the place of identifiers (`speakers: [{"id": 7, …}]`)',
        "Only their identifiers are loaded, whatever `personal_data` says. A record without an identifier is loaded "
        "into the link table as text, and the check `values_match_declared_types` warns. No model reads such a text. "
        "Where personal data is hashed or dropped, the record is left out and counted.",
    ),
    (
        "The API sends a new field",
        "It becomes a text column. The check `no_undeclared_fields` warns as long as a record has it: declare it in "
        "`source/tables/schema.py`. Where personal data is hashed or dropped, the field is left out, also within lists "
        "and objects; the check says how many values that were. Its name is in no message: with `keep`, look at the "
        "columns of the table.",
    ),
    (
        "An e-mail address stands where none is declared: in a title, a description, an identifier",
        "Where personal data is hashed, its hash is put in its place, so identifiers still lead to one another. Where "
        "it is dropped, it is taken out; a record whose identifier has an address in it has no usable key then. "
        "Previews and checks never show one.",
    ),
    (
        "A record is gone from the API",
        "Its row gets `removed_at`, and no summary counts it any more. It comes back to life when the record returns.",
    ),
    (
        "A list in pages changes while they are read",
        "The API does not say so. A record that moves to a page that was read already is missed, and its row has "
        "`removed_at` until the next sync; one that moves the other way comes twice, and the second is rejected. "
        "Where an earlier page says that there are more than came in the end, the list is refused; the next sync "
        "reads it again.",
    ),
    (
        "Somebody adds or deletes rows of a raw table, of a link table or of `raw.rejected`, or drops one",
        "The next sync of the table puts it right, though the answer is the same.",
    ),
    (
        "`personal_data` or its secret is changed",
        "The next sync of each table replaces or clears what it holds from before. Participants are told apart "
        "otherwise then, so all their rows are replaced. That is refused only where the answer has so many fewer of "
        "them that it would be refused anyway. Columns of fields that are not declared are dropped. When the run ends, "
        "the file of the warehouse is written anew, and once more when the models are rebuilt, so that no remains are "
        "in it. Backups and snapshots of the file system are yours to delete.",
    ),
    (
        "A run is killed, at whatever moment",
        "The next sync compares the answer with the rows as they are, and puts them right. Nothing is loaded twice.",
    ),
    ("Another run is writing", "The run waits, up to ten minutes, and says so."),
    (
        "A server is slow to answer",
        "Other runs write the warehouse meanwhile: a sync holds it only while it reads or writes. A second sync of the "
        "same endpoint waits.",
    ),
    ("Another program has the warehouse open", "The run fails before it asks for anything, and names the file."),
    (
        "The server's certificate has expired, or is not for its name",
        "It is not asked again. The sync is refused and says what is wrong with the certificate; the tables stay as "
        "they were.",
    ),
    (
        "The proxy lets nothing through",
        "The sync is refused after its attempts and says where the proxy is set; the tables stay as they were.",
    ),
    (
        "An answer trickles: its header, `100 Continue` again and again, its chunks, its body, one that unpacks to "
        "nothing; or one redirect follows another",
        "It is waited for as long as all attempts, waits and redirects of a request may last together "
        "(`request_max_total_wait`, ten minutes; 30 seconds for the change sensor). Then the sync is refused with what "
        "came until then, and the tables stay as they were.",
    ),
    (
        "The disk is full, or the memory too small, while an answer is read",
        "The sync is refused and says so, and where the room is needed; the tables stay as they were. While the rows "
        "are written, each table holds either its old or its new rows, and the next sync puts right what is missing.",
    ),
    (
        "A chat's webhook does not take a message, or drips",
        "It has five seconds in all. Syncs go on, and the message is sent again at the next look. A webhook that has "
        "answered with its status has taken the message, whatever comes after.",
    ),
    (
        "No token is configured",
        "`make run` and `make ui` use the sandbox instead, and say so. A run that is started otherwise fails before it "
        "asks for anything, and says where to put it.",
    ),
    (
        "A token and no address, a password in the address, or another setting that cannot be used",
        "The command ends, or the run fails, before it asks for anything, and says what to correct.",
    ),
    (
        "A process of Dagster's dies while `make ui` runs, or its code server gives no answer",
        "It is started again within seconds. Where that cannot help, everything ends with a sentence and status 1, so "
        "that what supervises the command can start it again.",
    ),
    (
        "Dagster's folder vanishes while `make ui` runs, or its disk stays full",
        "Everything ends with a sentence and status 1, within seconds. The tables are as they were.",
    ),
    (
        "A database in Dagster's folder is damaged, or a `dagster.yaml` of one's own is wrong",
        "`make run` and `make ui` start nothing, and say which file it is, what is lost without it and what to do.",
    ),
    (
        "The package is installed without a checkout, and there is no `.dlt/config.toml`",
        "The defaults protect: dlt reports nothing to its makers, and keeps no copies of rows after a load.",
    ),
)


def page() -> str:
    """The page for the engineer who is called at night, in Markdown."""
    lines = [*_BEFORE.splitlines()]
    titles = {
        "loaded": "It is loaded",
        "loaded after a retry": "It is tried again, and loaded",
        "left as it is": "The table is left as it is, and a check warns",
        "refused": "It is refused",
    }
    ordered = sorted(MATRIX, key=lambda case: list(titles).index(case.outcome))
    for outcome, cases in groupby(ordered, key=lambda case: case.outcome):
        lines += ["", f"## {titles[outcome]}", "", "| the API … | the run says | what to do |", "|---|---|---|"]
        lines += [f"| {case.what} | {f'«{case.says}»' if case.says else ''} | {case.do} |" for case in cases]
    lines += ["", "## What else can happen", "", "| what | what becomes of it |", "|---|---|"]
    lines += [f"| {what} | {becomes} |" for what, becomes in _OTHERWISE]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
