"""Runs blocking calls in threads, so that the event loop never waits for disks or models."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")
_Work = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Threads:
    """A pool of threads that grows as needed up to a number; then work waits.

    They end with the program whatever they do: one that loads a model holds up no Ctrl-C, as those
    of ``ThreadPoolExecutor`` do.

    Args:
        name: Of the threads.
        most: How many there are at most.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._work: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._made = 0
        self._free = 0

    async def run(self, call: Callable[[], Result]) -> Result:
        """Run ``call`` in one of the threads, and return its result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        with self._lock:
            if self._free:
                self._free -= 1
            elif self._made < self._most:
                self._made += 1
                threading.Thread(target=self._go_on, name=self._name, daemon=True).start()
            else:
                self._free -= 1  # owed by the next that is done
            self._work.put((call, future, loop))
        return await future

    def _go_on(self) -> None:
        while True:
            call, future, loop = self._work.get()
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  # whoever waits for it is told
                self._tell(loop, future, None, error)
            else:
                self._tell(loop, future, result, None)
            del call, future
            with self._lock:
                self._free += 1

    @staticmethod
    def _tell(
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
        result: object,
        error: BaseException | None,
    ) -> None:
        def set_result() -> None:
            if future.done():  # nobody waits any more
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        if not loop.is_closed():
            loop.call_soon_threadsafe(set_result)
