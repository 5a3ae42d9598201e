"""What the command refuses before it serves; what it serves is tested in tests/serve."""

import sys

import pytest

from tests.cli.conftest import Shell


def test_another_address_takes_a_flag_that_says_what_it_means(shell: Shell) -> None:
    ended = shell("serve", "--host", "0.0.0.0")
    assert ended.status == 2
    words = " ".join(ended.err.split())
    for said in ("AGPL", "no login", "in the clear", "--network"):
        assert said in words


@pytest.mark.parametrize("key", ["short", "sixteen letters, ü"])
def test_a_key_that_is_none_is_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_SERVE_KEY", key)
    ended = shell("serve", "--host", "0.0.0.0", "--network")
    assert ended.status == 2
    assert "16 letters" in " ".join(ended.err.split())


def test_a_key_is_asked_for_where_there_is_none(shell: Shell) -> None:
    ended = shell("serve", "--host", "0.0.0.0", "--network")
    assert ended.status == 2
    assert "RAGFLOW_LOCAL_SERVE_KEY" in ended.err


def test_an_alias_without_a_model_is_refused(shell: Shell) -> None:
    assert shell("serve", "--alias", "glm-4").status == 2


def test_without_the_server_the_error_names_the_extra(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["ragflow_local.cli.serve"]
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    ended = shell("serve")
    assert ended.status == 1
    assert 'pip install "ragflow-local[serve]"' in ended.err
