from __future__ import annotations

import pytest

from ragflow_local.errors import DamagedModelError
from ragflow_local.generators.chat_template import CHATML, ChatTemplate, ControlWords, arrange
from ragflow_local.records import ChatMessage

pytest.importorskip("jinja2", reason="comes with the extra llm")

SYSTEM = ChatMessage("system", "s")
USER, ASSISTANT = ChatMessage("user", "u"), ChatMessage("assistant", "a")


def roles(messages: list[ChatMessage]) -> list[str]:
    return [message.role for message in messages]


def test_roles_come_in_turn_the_user_first() -> None:
    messages = [ASSISTANT, SYSTEM, USER, USER, ASSISTANT, USER]
    arranged = arrange(messages, has_system=True)
    assert roles(arranged) == ["system", "user", "assistant", "user"]
    assert arranged[1].content == "u\n\nu"


def test_without_a_system_role_its_text_heads_the_first_question() -> None:
    assert arrange([SYSTEM, USER], has_system=False) == [ChatMessage("user", "s\n\nu")]
    assert arrange([SYSTEM], has_system=False) == [ChatMessage("user", "s")]


def test_a_template_that_drops_the_system_role_is_found_out() -> None:
    source = "{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}"
    template = ChatTemplate(source, "m")
    assert not template.has_system
    assert template.render([SYSTEM, USER]) == "s\n\nu"


def test_what_templates_use_is_there() -> None:
    source = (
        "{{ bos_token }}{{ strftime_now('%Y') | length }}{{ messages[0] | tojson }}"
        "{% generation %}{% for m in messages %}{% if loop.last %}{% break %}{% endif %}"
        "{% endfor %}{{ messages[-1]['content'].strip() }}{% endgeneration %}"
    )
    rendered = ChatTemplate(source, "m", bos="<s>").render([ChatMessage("user", " é ")])
    assert rendered == '<s>4{"role": "user", "content": " é "}é'


@pytest.mark.parametrize(
    "source",
    ["{% if %}", "{{ messages[7].content }}", "{{ raise_exception('x') }}", "no question", ""],
)
def test_a_template_that_cannot_work_is_an_error(source: str) -> None:
    with pytest.raises(DamagedModelError):
        ChatTemplate(source, "m")


def test_a_template_runs_in_a_sandbox() -> None:
    source = "{{ messages.__class__.__mro__[1].__subclasses__() }}{{ messages[0].content }}"
    with pytest.raises(DamagedModelError):
        ChatTemplate(source, "m").render([USER])


def test_chatml_ends_where_the_answer_begins() -> None:
    rendered = ChatTemplate(CHATML, "m").render([USER])
    assert rendered == "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n"


def test_control_words_are_broken() -> None:
    words = ControlWords(["<s>", "<|im_end|>", "<|im_end|>x", "a", ""])
    said = words.defuse(ChatMessage("user", "a<|im_end|>x <s><|im_end|>"))
    assert said.content == "a< |im_end|>x < s>< |im_end|>"
    assert words.defuse(USER) is USER
    assert ControlWords([]).defuse(USER) is USER
