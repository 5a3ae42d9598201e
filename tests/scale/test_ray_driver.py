"""Connecting to a Ray cluster: a head that is busy is asked again, and not without end."""

import io
import socket
import sys
import time
from typing import Any

import pytest

from ragflow_local.scale import ray_driver, ray_wire


class Ray:
    """Stands in for Ray; each error is what one try to connect ends with."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.said: list[str] = []

    def init(self, address: str, **_: Any) -> None:
        self.said.append(f"init {address}")
        if self.errors:
            raise self.errors.pop(0)

    def shutdown(self) -> None:
        self.said.append("shutdown")
        raise RuntimeError("there is nothing to shut down")

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"NodeID": "first", "Alive": True, "Resources": {"CPU": 2}},
            {"NodeID": "gone", "Alive": False, "Resources": {"CPU": 2}},
            {"NodeID": "head", "Alive": True, "Resources": {}},
        ]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture(autouse=True)
def knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody listens at the address of these tests."""
    real = socket.create_connection

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        return socket.socket() if address[0] == "head" else real(address, timeout)

    monkeypatch.setattr(socket, "create_connection", connect)


REFUSED = ConnectionRefusedError("connection refused")


def test_a_head_that_is_busy_is_asked_again_after_growing_pauses(pauses: list[float]) -> None:
    ray = Ray(REFUSED, ConnectionAbortedError("Initialization failure from server"))
    assert ray_driver.reached(ray, "head:1") == ["first"]
    assert ray.said == ["init head:1", "shutdown", "init head:1", "shutdown", "init head:1"]
    assert pauses == sorted(set(pauses))
    assert len(pauses) == 2


def told(ray: Ray, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what the driver says of a cluster that it does not reach."""
    monkeypatch.setitem(sys.modules, "ray", ray)
    replies = io.BytesIO()
    assert not ray_driver._Driver(replies).connect("head:1")
    replies.seek(0)
    lost = ray_wire.receive_reply(replies)
    assert isinstance(lost, ray_wire.Lost)
    return lost.how


def test_one_that_never_answers_is_told_with_how_often_it_was_tried(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    how = told(Ray(*[REFUSED] * 99), monkeypatch)
    assert how == "ConnectionRefusedError: connection refused (tried 4 times)"
    assert len(pauses) == 3


def test_no_further_try_begins_when_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(ray_driver, "_PATIENCE_SECONDS", -1.0)
    how = told(Ray(REFUSED, REFUSED), monkeypatch)
    assert how == "ConnectionRefusedError: connection refused"
    assert pauses == []


def test_what_trying_again_does_not_mend_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    ray = Ray(RuntimeError("Version mismatch: the cluster has Ray 1. Upgrade."))
    assert told(ray, monkeypatch) == "RuntimeError: Version mismatch: the cluster has Ray 1"
    assert pauses == []


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_ray_is_not_asked_where_nobody_listens(scheme: str, host: str, pauses: list[float]) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"this computer has no {host}")
    with server:
        said = f"[{host}]" if ":" in host else host
        address = f"{scheme}{said}:{server.getsockname()[1]}"
        ray = Ray()
        assert ray_driver.reached(ray, address) == ["first"]
        assert ray.said == [f"init {address}"]
    ray = Ray()
    with pytest.raises(ray_driver.UnreachedError, match=r"refused \(tried 4 times\)"):
        ray_driver.reached(ray, address)
    assert set(ray.said) == {"shutdown"}
    assert len(pauses) == 3
