"""Streams that any thread may close, and asyncio twins of blocking calls.

A call that takes time has a twin for ``await`` or ``async for``, made here from the call itself:
it runs in a thread, the loop goes on, and a task that is cancelled ends what it waited for.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from collections.abc import Generator as Yields
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    import asyncio

Owner = TypeVar("Owner")
Given = ParamSpec("Given")
Item = TypeVar("Item")
Twin = TypeVar("Twin")

_END: Any = object()


class Stop(threading.Event):
    """A signal that a stream was closed, with callbacks."""

    def __init__(self) -> None:
        super().__init__()
        self._ends: list[Callable[[], None]] = []

    def ends(self, end: Callable[[], None]) -> None:
        """Call ``end`` when the stream is closed, or now if it is closed already."""
        self._ends.append(end)
        if self.is_set():
            end()

    def set(self) -> None:
        """Note that the stream was closed."""
        super().set()
        for end in self._ends:
            end()


class Stream(Iterator[Item], Generic[Item]):
    """An iterator that any thread may close, also while another one waits for its next item.

    Args:
        items: Makes the generator behind it, which looks at the ``Stop`` it is given.
    """

    def __init__(self, items: Callable[[Stop], Yields[Item]]) -> None:
        self._stop = Stop()
        self._items = items(self._stop)

    def __next__(self) -> Item:
        if self._stop.is_set():
            self.close()
            raise StopIteration
        return next(self._items)

    def close(self) -> None:
        """End it: nothing more comes, and what it was waiting for stops."""
        self._stop.set()
        with contextlib.suppress(ValueError):  # another thread is inside, and leaves by itself
            self._items.close()


def awaited(
    call: Callable[Concatenate[Owner, Given], Item],
) -> Callable[Concatenate[Owner, Given], Coroutine[Any, Any, Item]]:
    """Return the twin of a method for ``await``, with its parameters."""

    async def twin(self: Owner, /, *args: Given.args, **options: Given.kwargs) -> Item:
        import asyncio  # only for who awaits

        return await asyncio.to_thread(call, self, *args, **options)

    return _named(twin, call, "for ``await``")


def iterated(
    call: Callable[Concatenate[Owner, Given], Iterator[Item]],
) -> Callable[Concatenate[Owner, Given], AsyncGenerator[Item, None]]:
    """Return the twin of a method for ``async for``, with its parameters."""

    def twin(
        self: Owner, /, *args: Given.args, **options: Given.kwargs
    ) -> AsyncGenerator[Item, None]:
        return steps(lambda: call(self, *args, **options))

    return _named(twin, call, "for ``async for``")


async def steps(begin: Callable[[], Iterator[Item]]) -> AsyncGenerator[Item, None]:
    """Yield what an iterator gives, each item fetched in one thread of its own.

    Args:
        begin: Returns the iterator; it is closed where the task is cancelled or stops reading.
    """
    import asyncio  # only for who awaits

    loop = asyncio.get_running_loop()
    # Not the loop's own threads: they are few, and a model knows its answer by the thread.
    thread = ThreadPoolExecutor(1, thread_name_prefix="ragflow-steps")
    context = contextvars.copy_context()

    def run(step: Callable[..., Any], *given: object) -> asyncio.Future[Any]:
        return loop.run_in_executor(thread, context.run, step, *given)

    items: Iterator[Item] | None = None
    item: Item
    try:
        items = await run(begin)
        while (item := await run(next, items, _END)) is not _END:
            yield item
    finally:
        if isinstance(items, Stream):
            items.close()
        thread.shutdown(wait=False)


async def last_of(items: AsyncGenerator[Item, None]) -> Item:
    """Return the last of some items, of which there is at least one."""
    last: Item = _END
    async with contextlib.aclosing(items):
        async for item in items:
            last = item
    return last


def _named(twin: Twin, call: Callable[..., Any], use: str) -> Twin:
    named: Any = functools.update_wrapper(twin, call)  # type: ignore[arg-type]  # each is a function
    named.__name__ = f"a{call.__name__}"
    named.__qualname__ = call.__qualname__.replace(call.__name__, named.__name__)
    named.__doc__ = f"The twin of ``{call.__name__}`` {use}.\n\n        {call.__doc__}"
    return twin
