"""A million participants fit into an ordinary machine, invented and served: a fifth of them takes a fifth of it."""

import subprocess
import sys

import pytest

INVENT_AND_SERVE = """
import http.client, sys
from pathlib import Path
from event_assets.sandbox import Sandbox, generate_event


def peak_after(participants):
    event = generate_event(participants=participants)
    assert len(event.participants) == participants
    with Sandbox(event) as api:
        connection = http.client.HTTPConnection(api.base_url.split("/")[2])
        connection.request("GET", "/public/v1/participants", headers={"Authorization": f"Bearer {api.token}"})
        answer = connection.getresponse()
        received = 0
        while piece := answer.read(1 << 20):
            received += len(piece)
    assert received == int(answer.headers["Content-Length"]) == event.participants.json_size() + len('{"data":}')
    # Not getrusage: its peak is inherited from the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024

sys.stdout.write(f"{peak_after(100)} {peak_after(200_100)}")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_participants_take_less_than_half_a_kilobyte_each():
    done = subprocess.run([sys.executable, "-c", INVENT_AND_SERVE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    few, many = map(int, done.stdout.split())
    # Measured: 383 bytes each. As dictionaries, or with orjson's own buffers kept, it would be some 4,000.
    assert (many - few) / 200_000 < 500
