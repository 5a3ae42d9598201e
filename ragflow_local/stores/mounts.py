"""Recognises network file systems and shared folders.

SQLite's log is shared memory, and locks of other computers are not seen there.
"""

from __future__ import annotations

import re
from pathlib import Path

# Kernels' own clients; then what a virtual machine or WSL shares with the system around it, where
# two systems each believe to be the only one (9p and drvfs: WSL; virtiofs, vboxsf, vmhgfs: VMs).
# fmt: off
_NETWORKS = frozenset(
    {
        "9p", "acfs", "afs", "afpfs", "beegfs", "ceph", "cifs", "coda", "drvfs", "fakeowner",
        "fhgfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
        "orangefs", "panfs", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs",
        "vmhgfs", "webdav",
    }
)
_ROOTS = ("9p", "virtiofs")
# Programs that show what lies elsewhere as files; Docker Desktop's are grpcfuse and osxfs.
_BY_FUSE = frozenset(
    {
        "beegfs", "blobfuse", "blobfuse2", "ceph", "cephfs", "ceph-fuse", "cifs", "curlftpfs",
        "davfs", "davfs2", "dropbox", "gcsfuse", "glusterfs", "goofys",
        "google-drive-ocamlfuse", "grpcfuse", "gvfsd-fuse", "hdfs", "httpfs", "juicefs",
        "lizardfs", "mfs", "moosefs", "mount-s3", "onedriver", "osxfs", "portal", "rclone",
        "s3backer", "s3fs", "s3ql", "seaweedfs", "smbnetfs", "sshfs", "vmhgfs-fuse", "weed",
    }
)
# fmt: on


def network_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the kind of the network file system that ``path`` lies on; empty for a local disk."""
    try:
        text = mounts.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""  # no Linux: there the check for hard links is all
    lines = [line.split(" ") for line in text.split("\n")]
    matching_mounts = [
        (len(place), number, kind)
        for number, (_, escaped, kind, *_) in enumerate(line for line in lines if len(line) > 2)
        if path.is_relative_to(place := _unescaped(escaped))
    ]
    length, _, kind = max(
        matching_mounts, default=(0, 0, "")
    )  # of mounts at one place the last counts
    if length == 1 and kind in _ROOTS:
        return ""  # a machine in a machine whose own disk is made so: nobody else has it
    name, _, program = kind.partition(".")
    if name in ("fuse", "fuseblk") and program:
        return kind if program.lower() in _BY_FUSE else ""
    return kind if name.lower() in _NETWORKS else ""


def _unescaped(place: str) -> str:
    """Return a place as it is: the kernel writes blanks and the like as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)
