"""Which other names a path has, by what the kernel says is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from truetune.objectives.guard.mounts import names_of

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw shared:2 - proc proc rw
24 22 8:2 / /home rw shared:3 - ext4 /dev/sda2 rw
25 22 8:2 /me/project /data rw shared:4 - ext4 /dev/sda2 rw
26 22 8:2 /me/my\040data /mnt/my\040data rw - ext4 /dev/sda2 rw
27 22 8:1 /var/lib /srv rw - ext4 /dev/sda1 rw
28 22 8:3 / /usb rw - vfat /dev/sdb1 rw
29 28 8:2 / /usb rw - ext4 /dev/sda2 rw
""".strip()


@pytest.mark.parametrize(
    ("path", "others"),
    [
        ("/home/me/project/rows.csv", ["/data/rows.csv", "/usb/me/project/rows.csv"]),
        ("/data/rows.csv", ["/home/me/project/rows.csv", "/usb/me/project/rows.csv"]),
        ("/home/me/my data/rows.csv", ["/mnt/my data/rows.csv", "/usb/me/my data/rows.csv"]),
        ("/home/me/project-2/rows.csv", ["/usb/me/project-2/rows.csv"]),
        ("/usb/me/x", ["/home/me/x"]),  # what was mounted there first is out of sight
        ("/var/lib/rows.csv", ["/srv/rows.csv"]),
        ("/etc/rows.csv", []),
    ],
)
def test_a_path_has_a_name_for_each_place_it_is_mounted_in(path: str, others: list[str]) -> None:
    assert names_of(Path(path), MOUNTS) == {Path(path), *map(Path, others)}


def test_a_path_of_this_machine_is_among_its_names(tmp_path: Path) -> None:
    real = tmp_path.resolve()
    assert real in names_of(real)
    assert all(name.samefile(real) for name in names_of(real) if name.exists())
