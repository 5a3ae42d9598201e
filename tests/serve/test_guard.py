import pytest

from ragflow_local.serve.guard import Rules, is_loopback, is_right_key, refused

PORT = "127.0.0.1:9380"


def status(
    path: str = "/v1/models", method: str = "GET", rules: Rules | None = None, **heads: str
) -> int:
    headers = {"host": PORT, **{name.replace("_", "-"): value for name, value in heads.items()}}
    found = refused(rules or Rules(), path, method, headers)
    return found.status if found else 200


@pytest.mark.parametrize("host", [PORT, "localhost", "LOCALHOST:80", "[::1]:9380", "127.0.0.1."])
def test_this_computer_is_asked_by_its_names(host: str) -> None:
    assert status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9380",
        "",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "127.0.0.1/x",
        "127.0.0.1:x",
        "[::1",
        "192.168.0.2",
        "0.0.0.0",
        "127.0.0.1, evil.example",
    ],
)
def test_another_name_that_leads_here_is_refused(host: str) -> None:
    """A page of evil.example whose name was made to lead here would be its own origin."""
    assert status(host=host) == 421
    assert status(host=host, origin=f"http://{host}") == 421


def test_a_name_that_was_given_is_one_more() -> None:
    rules = Rules(names=frozenset({"box"}))
    assert status(rules=rules, host="box:9380") == 200
    assert status(rules=rules, host="other:9380") == 421


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:8000",
        "null",
        "file://",
        f"ftp://{PORT}",
        "",
        "app://x",
    ],
)
def test_a_page_of_elsewhere_may_not_ask(origin: str) -> None:
    assert status(origin=origin) == 403
    assert status("/", origin=origin) == 403


def test_the_page_itself_and_programs_without_an_origin_may() -> None:
    assert status(origin=f"http://{PORT}") == 200
    assert status(method="POST") == 200
    assert status(rules=Rules(origins=frozenset({"app://x"})), origin="app://x") == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pictures_and_scripts_of_other_sites_load_nothing(site: str) -> None:
    assert status(sec_fetch_site=site, sec_fetch_mode="no-cors") == 403
    assert status("/", sec_fetch_site=site, sec_fetch_mode="navigate") == 200
    assert status("/page/datasets", sec_fetch_site=site, sec_fetch_mode="navigate") == 403
    assert status("/", "POST", sec_fetch_site=site, sec_fetch_mode="navigate") == 403


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/v1/models",
        "http://evil.example/v1/models",
        "/../etc/passwd",
        "/page/../../etc/passwd",
        "/page/%2e%2e/x",
        "/page/.%2E%2fx",
        "/page/%2e/x",
        "/v1\\models",
        "/v1/%5c..%5cx",
        "/v1/mod%00els",
        "/v1/models%0d%0aX: y",
        "/v1/ models",
        "*",
        "",
    ],
)
def test_paths_with_tricks_are_refused(path: str) -> None:
    assert status(path) == 400


def test_names_with_dots_and_other_letters_are_paths() -> None:
    assert status("/v1/models/a..b.gguf") == 200
    assert status("/v1/models/%E6%B5%B7") == 200


def test_a_key_is_compared_whole() -> None:
    rules = Rules(key="a-key-of-sixteen")
    assert is_right_key(rules, {"authorization": "Bearer a-key-of-sixteen"})
    for said in ("Bearer a-key-of-sixtee", "", "Bearer ", "Basic a-key-of-sixteen", "Bearer ü"):
        assert not is_right_key(rules, {"authorization": said})
    assert is_right_key(Rules(), {})
    assert "sixteen" not in repr(rules)


def test_which_addresses_are_of_this_computer_alone() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.0.2", "box", ""))
