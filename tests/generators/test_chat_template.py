from __future__ import annotations

from collections.abc import Mapping

import pytest

from ragflow_local.errors import DamagedModelError
from ragflow_local.generators import template_process
from ragflow_local.generators.chat_template import CHATML, ChatTemplate, ControlWords, arrange
from ragflow_local.generators.template_process import TemplateEndlessError, TemplateProcess
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


ENDLESS = {
    "three loops in one another": "{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "a power of a power": "{{ (7 ** (10 ** 8)) % 3 }}",
    "a text as large as the memory": "{{ 'x' * 900000000 }}",
    "a text larger than any memory": "{{ 'x' * (2 ** 62) }}",
    "texts that double": "{% set n = namespace(t='x') %}{% for i in range(60) %}"
    "{% set n.t = n.t ~ n.t %}{% endfor %}",
    "more than a context holds": "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
    "a division by zero": "{{ 1 / 0 }}",
    "too large a number": "{{ 2.0 ** 99999 }}",
    "a macro that calls itself": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "a list that holds itself": "{{ range(99999) | list | pprint | length }}"
    "{% for a in range(99999) %}{{ range(99999) | list | sort | join }}{% endfor %}",
    "three thousand conditions": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "twenty thousand brackets": "{{ " + "(" * 20000 + "1" + ")" * 20000 + " }}",
    "a number that is no text": "{{ 10 ** 4400 }}",
    "a file": "{% include '/etc/passwd' %}",
    "an error of its own": "{{ raise_exception('no') }}",
    "a format that pads": "{{ '%999999999d' % 1 }}",
    "a filter that pads": "{{ 'x' | center(999999999) }}",
    "a sum without an end": "{{ range(99999) | map('string') | batch(1) | list * 99999 }}",
    "a date of letters": "{{ strftime_now(5) }}",
    "half a letter": "{{ '\\ud800' }}",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_template_without_end_or_sense_is_a_damaged_model(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_process, "_SECONDS", 0.5)
    with pytest.raises(DamagedModelError, match="'m'"):
        ChatTemplate(ENDLESS[what] + "{{ messages[-1].content }}", "m")


def test_a_template_that_ends_its_process_is_rendered_again_for_other_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(template_process, "_SECONDS", 0.5)
    source = (
        "{% if 'loop' in messages[-1].content %}{% for a in range(99999) %}"
        "{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}"
        "{% endfor %}{% endif %}{{ messages[-1].content }}"
    )
    template = ChatTemplate(source, "m")
    with pytest.raises(DamagedModelError, match="too long"):
        template.render([ChatMessage("user", "loop")])
    assert template.render([USER]) == "u"


def test_many_renderings_are_not_counted_together() -> None:
    template = ChatTemplate(
        "{% for a in range(50000) %}{% set b = a %}{% endfor %}{{ messages[-1].content }}", "m"
    )
    assert {template.render([USER]) for _ in range(150)} == {"u"}


def test_the_process_of_a_template_ends_with_it() -> None:
    template = ChatTemplate(CHATML, "m")
    process = template._process._process
    assert process is not None
    template._process.close()
    assert process.returncode is not None
    assert "u" in template.render([USER])


def test_a_template_that_runs_out_of_time_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def render(self: TemplateProcess, source: str, values: Mapping[str, object]) -> str:
        tries.append(source)
        raise TemplateEndlessError("it takes too long")

    monkeypatch.setattr(TemplateProcess, "render", render)
    with pytest.raises(DamagedModelError, match="too long"):
        ChatTemplate(CHATML, "m")
    assert len(tries) == 1
