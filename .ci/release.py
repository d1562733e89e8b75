"""Builds a release in ``dist/``: sdist and wheel, the same bytes for the same commit; an SBOM, notes and sums.

``make release`` runs it, here and in the public CI. The version is that of setup.cfg.
"""

from __future__ import annotations

import configparser
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"


def version(setup_cfg: str) -> str:
    """Return the version, from the one place that it stands in."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(setup_cfg)
    return parser["metadata"]["version"]


def notes(changelog: str, of: str) -> str:
    """Return the section of a version in the changelog.

    Raises:
        ValueError: It has none, or it is empty.
    """
    found = re.search(rf"^## \[{re.escape(of)}\][^\n]*\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise ValueError(f"CHANGELOG.md has no section [{of}]: give [Unreleased] that name and a date.")
    return found[1].strip() + "\n"


def normalised(archive: bytes, seconds: int) -> bytes:
    """Return a sdist with the times and owners of its files, which are those of the machine, replaced.

    Args:
        archive: A tar.gz.
        seconds: The time of all files: that of the commit.
    """
    packed = BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as read,
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=seconds) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as written,
    ):
        for member in sorted(read.getmembers(), key=lambda each: each.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = seconds, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            written.addfile(member, read.extractfile(member) if member.isfile() else None)
    return packed.getvalue()


def main() -> None:
    """Build it."""
    of = version((ROOT / "setup.cfg").read_text(encoding="utf-8"))
    text = notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), of)
    committed = _run("git", "log", "-1", "--format=%ct").strip()
    if _run("git", "status", "--porcelain"):
        sys.exit("There are changes that are not committed: a release is made of a commit.")
    shutil.rmtree(DIST, ignore_errors=True)
    # Of a checkout of its own: files that git does not know are in no release.
    with_source = DIST / "source"
    with_source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    with tarfile.open(fileobj=BytesIO(archive)) as tree:
        tree.extractall(with_source, filter="data")
    os.umask(0o022)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": committed, "PYTHONHASHSEED": "0"}
    _run(sys.executable, "-m", "build", "--outdir", str(DIST), str(with_source), environment=environment)
    shutil.rmtree(with_source)
    [sdist] = DIST.glob("*.tar.gz")
    sdist.write_bytes(normalised(sdist.read_bytes(), int(committed)))
    (DIST / "notes.md").write_text(text, encoding="utf-8")
    lock = str(ROOT / "requirements-server.lock")
    sbom = [
        "--output-reproducible",
        "--spec-version",
        "1.6",
        "--output-file",
        str(DIST / f"event_assets-{of}.cdx.json"),
    ]
    _run(sys.executable, "-m", "cyclonedx_py", "requirements", *sbom, lock)
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(DIST.iterdir())]
    (DIST / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(sums) + "\n")


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
