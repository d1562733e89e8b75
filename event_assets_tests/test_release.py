"""A release: one version everywhere, notes from the changelog, and the same bytes for the same commit."""

import importlib.util
import io
import re
import tarfile
from importlib.metadata import version

import pytest

from event_assets_tests.conftest import CHECKOUT

_spec = importlib.util.spec_from_file_location("release", CHECKOUT / ".ci" / "release.py")
assert _spec
assert _spec.loader
release = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(release)


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def test_the_version_stands_in_one_place_and_what_names_it_agrees():
    of = release.version(text("setup.cfg"))
    assert version("event_assets") == of
    assert f"event_assets:{of}" in text("deploy/Dockerfile")
    assert f"event_assets:{of}" in text("deploy/compose.yaml")
    assert f'tag: "{of}"' in text("deploy/kubernetes/values.yaml")


def test_the_notes_are_the_section_of_the_version():
    changelog = (
        "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.2.0] - 2027-01-01\n\n- second\n\n## [0.1.0]\n\n- first\n"
    )
    assert release.notes(changelog, "0.2.0") == "- second\n"
    assert release.notes(changelog, "0.1.0") == "- first\n"
    for missing in ("0.3.0", "0.2"):
        with pytest.raises(ValueError, match="has no section"):
            release.notes(changelog, missing)
    assert release.notes(text("CHANGELOG.md"), release.version(text("setup.cfg")))


def packed(mtime: int, owner: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("b", "a") if owner == "ada" else ("a", "b"):
            member = tarfile.TarInfo(name)
            member.mtime, member.uname, member.size = mtime, owner, 3
            archive.addfile(member, io.BytesIO(name.encode() * 3))
    return stream.getvalue()


def test_an_archive_says_nothing_of_the_machine_that_made_it():
    one, other = packed(1_000, "ada"), packed(2_000, "carl")
    assert one != other
    assert release.normalised(one, 42) == release.normalised(other, 42)
    with tarfile.open(fileobj=io.BytesIO(release.normalised(one, 42))) as archive:
        assert [(each.name, each.mtime, each.uname) for each in archive] == [("a", 42, ""), ("b", 42, "")]
        assert (archive.extractfile("a") or io.BytesIO()).read() == b"aaa"


def test_the_workflow_builds_by_the_same_command():
    workflow = text(".github/workflows/release.yml")
    assert "run: make release" in workflow
    assert "attest-build-provenance" in workflow
    assert re.search(r"^release:", text("Makefile"), re.MULTILINE)
