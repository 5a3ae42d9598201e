"""Which file systems are known to be a network's, or another system's as well."""

from pathlib import Path

import pytest

from ragflow_local.stores.mounts import network_of


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/home/ann/project", ""),
        ("/mnt/share/project", "nfs4"),
        ("/mnt/my share", "cifs"),
        ("/mnt/shared", ""),
        ("/mnt/share/local/project", ""),
        ("/mnt/c/Users/ann", "9p"),
        ("/host/home", "virtiofs"),
        ("/Users/ann", "fuse.grpcfuse"),
        ("/old/Users", "fuse.osxfs"),
        ("/new/Users", "fakeowner"),
        ("/bucket/a\nb", "fuse.gcsfuse"),
        ("/windows", ""),
        ("/crypt", ""),
    ],
)
def test_a_network_drive_is_recognised(tmp_path: Path, path: str, network: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\n"
        "host:/x /mnt/share nfs4 rw 0 0\n"
        "//host/y /mnt/my\\040share cifs rw 0 0\n"
        "/dev/sdb1 /mnt/share/local ext4 rw 0 0\n"
        "C:\\134 /mnt/c 9p rw,aname=drvfs 0 0\n"
        "share /host virtiofs rw 0 0\n"
        "grpcfuse /Users fuse.grpcfuse rw 0 0\n"
        "osxfs /old/Users fuse.osxfs rw 0 0\n"
        "/run/host_mark/Users /new/Users fakeowner rw 0 0\n"
        "bucket /bucket/a\\012b fuse.gcsfuse rw 0 0\n"
        "/dev/sdc1 /windows fuseblk rw 0 0\n"
        "gocryptfs /crypt fuse.gocryptfs rw 0 0\n"
    )
    assert network_of(Path(path), mounts) == network
    assert network_of(Path(path), tmp_path / "none") == ""


def test_a_machine_whose_own_disk_is_shared_with_its_host_is_no_network(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("kataShared / virtiofs rw 0 0\n")
    assert network_of(Path("/home/ann"), mounts) == ""
    mounts.write_text("server:/root / nfs4 rw 0 0\n")
    assert network_of(Path("/home/ann"), mounts) == "nfs4"
