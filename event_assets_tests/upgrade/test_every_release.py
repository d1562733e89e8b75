"""Every release has left a warehouse that this one is tested to upgrade."""

import re
from pathlib import Path

from event_assets_tests.conftest import CHECKOUT

HERE = Path(__file__).parent


def test_every_released_version_has_a_stored_warehouse_and_a_test_of_it():
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+)\.(\d+)\.0\]", changelog, re.MULTILINE)
    assert released
    for major, minor in released:
        assert (HERE / f"release_{major}_{minor}.tar.xz").is_file()
        assert (HERE / f"test_release_{major}_{minor}.py").is_file()
