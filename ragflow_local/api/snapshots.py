"""Publishes a project for readers elsewhere, and moves a reader to what was fetched since."""

from __future__ import annotations

import os
from typing import Any

from ragflow_local.api.opening import Opening
from ragflow_local.project import Project
from ragflow_local.scale.snapshots import Fetched, fetch
from ragflow_local.settings import check_whole
from ragflow_local.stores.snapshots.fetched import current
from ragflow_local.stores.snapshots.objects import Objects
from ragflow_local.stores.snapshots.publishing import Published, Source, publish

__all__ = ["Fetched", "Snapshots", "fetch"]

# A fetch under way, and the snapshot that the next publish shares its parts with.
_FEWEST_KEPT = 2


class Snapshots(Opening):
    """An engine's snapshots: what it publishes, and which one it reads."""

    _earlier: Project | None = None  # of calls that were under way at the last ``refresh``

    def publish(
        self,
        uri: str | os.PathLike[str],
        *,
        filesystem: Any = None,
        keep: int = 5,
        chats: bool = False,
    ) -> Published:
        """Publish the project as it is at one moment; others go on reading and writing it.

        What the last snapshot there has is not written again. Conversations are never published,
        nor what only the released API keeps (agents, memories), nor where mirrored folders lie.

        Args:
            uri: A folder, or an address of ``pyarrow.fs``: ``file:///…``, ``s3://bucket/prefix``,
                ``gs://…``, ``abfs://…``, ``hdfs://…``. One process publishes to it.
            filesystem: A ``pyarrow.fs.FileSystem``, in which ``uri`` is a path then.
            keep: How many of the newest snapshots stay there, from 2.
            chats: Whether chat assistants are published: names, prompts, models.

        Raises:
            InvalidValueError: ``uri`` is no address, or ``keep`` is not allowed.
            OtherPublisherError: Another process has published there meanwhile.
            SnapshotError: It cannot be written there.
            DamagedProjectError: A file of the project is missing or torn.
        """
        check_whole("keep", keep, _FEWEST_KEPT, 10_000)
        project = self.project
        source = Source(project.path, project.catalog, project.files)
        objects = Objects.at(uri, filesystem)
        return publish(source, objects, keep=keep, with_chats=chats)

    def refresh(self) -> bool:
        """Move to the newest snapshot of a fetched directory; return whether there was a newer one.

        Until then all is read of the snapshot that was opened; a call that is under way in another
        thread may end on either.

        Raises:
            ProjectClosedError: ``close`` was called.
            DamagedProjectError: The newer one cannot be opened; the earlier stays.
        """
        project = self.project
        if current(self.project_dir).resolve() == project.path:
            return False
        newer = self._open(project.options)
        if self._earlier is not None:
            self._earlier.release()
        self._earlier, self._project = project, newer
        self._finalizer.detach()
        self._finalizer = self._released_with_me(newer, project)
        return True

    def close(self, wait: bool = False) -> None:
        """Stop the workers and give the directory free; closing twice is fine.

        Documents queued or being parsed keep their earlier chunks and are taken up again when the
        project is next opened for writing.

        Args:
            wait: Whether to wait until they are parsed instead.
        """
        super().close(wait)
        if self._closed and self._earlier is not None:
            self._earlier.release()
            self._earlier = None
