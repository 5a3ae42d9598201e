"""Tiny GGUF files with random weights: real tokenizers and templates, answers without sense."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content"
    " + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA_3 = (
    "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message.role"
    " + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)
# As Gemma's: no system role, and user and assistant in turn.
NO_SYSTEM = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\\n'"
    " + message.content | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)
_WORDS = (
    "the of and to in is was for on that with by at from as it are be this were which or has an"
    " revenue company year answer question knowledge base million total net sales system user"
)
WORDS = _WORDS.split()


@dataclass(frozen=True)
class Tiny:
    """What a tiny model is like."""

    architecture: str = "qwen3"
    template: str = CHATML
    control: tuple[str, ...] = ("<|im_start|>", "<|im_end|>")
    end: str = "<|im_end|>"
    is_bpe: bool = False
    context: int = 512
    width: int = 32
    layers: int = 2
    heads: int = 4
    hidden: int = 64
    seed: int = 7


CHATML_MODEL = Tiny()
LLAMA_3_MODEL = Tiny(
    architecture="llama",
    template=LLAMA_3,
    control=("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    end="<|eot_id|>",
    is_bpe=True,
)
NO_SYSTEM_MODEL = Tiny(
    architecture="gemma",
    template=NO_SYSTEM,
    control=("<start_of_turn>", "<end_of_turn>"),
    end="<end_of_turn>",
)
MODELS = {"chatml": CHATML_MODEL, "llama-3": LLAMA_3_MODEL, "no-system": NO_SYSTEM_MODEL}


def with_template(template: str, **changes: object) -> Tiny:
    return replace(CHATML_MODEL, template=template, **changes)  # type: ignore[arg-type]


def write(path: Path, tiny: Tiny = CHATML_MODEL) -> Path:
    """Write the model to ``path`` and return it."""
    writer = gguf.GGUFWriter(path, tiny.architecture)
    writer.add_name("tiny")
    writer.add_license("mit")
    writer.add_context_length(tiny.context)
    writer.add_embedding_length(tiny.width)
    writer.add_block_count(tiny.layers)
    writer.add_feed_forward_length(tiny.hidden)
    writer.add_head_count(tiny.heads)
    writer.add_head_count_kv(tiny.heads)
    writer.add_key_length(tiny.width // tiny.heads)
    writer.add_value_length(tiny.width // tiny.heads)
    writer.add_rope_dimension_count(tiny.width // tiny.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    count = _add_vocabulary(writer, tiny)
    if tiny.template:
        writer.add_chat_template(tiny.template)
    _add_tensors(writer, tiny, count)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_vocabulary(writer: gguf.GGUFWriter, tiny: Tiny) -> int:
    kinds = gguf.TokenType
    special = [("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    special += [(word, kinds.CONTROL) for word in tiny.control]
    if tiny.is_bpe:
        letters = list(_byte_letters())
        merges = [f"{a} {b}" for a, b in ("th", "in", "er", "an", "on", "re")]
        tokens = special + [(letter, kinds.NORMAL) for letter in letters]
        tokens += [(merge.replace(" ", ""), kinds.NORMAL) for merge in merges]
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("llama-bpe")
        writer.add_token_merges(merges)
    else:
        tokens = [("<unk>", kinds.UNKNOWN), *special]
        tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
        tokens += [(f"▁{word}", kinds.NORMAL) for word in WORDS]
        tokens += [(chr(code), kinds.NORMAL) for code in range(33, 127)] + [("▁", kinds.NORMAL)]
        # Parts of the words, so that a tokenizer that merges two at a time can reach them.
        known = {text for text, _ in tokens}
        for word in WORDS:
            for end in range(2, len(word) + 2):
                if (part := f"▁{word}"[:end]) not in known:
                    known.add(part)
                    tokens.append((part, kinds.NORMAL))
        writer.add_tokenizer_model("llama")
    names = [text for text, _ in tokens]
    writer.add_token_list(names)
    writer.add_token_scores([float(len(text)) for text in names])
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_bos_token_id(names.index("<s>"))
    writer.add_eos_token_id(names.index(tiny.end))
    writer.add_add_bos_token(False)
    return len(tokens)


def _byte_letters() -> str:
    """Return GPT-2's letters for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    letters |= {byte: chr(256 + number) for number, byte in enumerate(others)}
    return "".join(letters[byte] for byte in range(256))


def _add_tensors(writer: gguf.GGUFWriter, tiny: Tiny, vocabulary: int) -> None:
    random = np.random.default_rng(tiny.seed)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0, 0.3, shape).astype(np.float32))

    def add_ones(name: str, width: int = tiny.width) -> None:
        writer.add_tensor(name, np.ones(width, dtype=np.float32))

    add("token_embd.weight", vocabulary, tiny.width)
    if tiny.architecture != "gemma":  # which uses its embeddings again
        add("output.weight", vocabulary, tiny.width)
    add_ones("output_norm.weight")
    for layer in range(tiny.layers):
        add_ones(f"blk.{layer}.attn_norm.weight")
        add_ones(f"blk.{layer}.ffn_norm.weight")
        if tiny.architecture == "qwen3":
            add_ones(f"blk.{layer}.attn_q_norm.weight", tiny.width // tiny.heads)
            add_ones(f"blk.{layer}.attn_k_norm.weight", tiny.width // tiny.heads)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", tiny.width, tiny.width)
        add(f"blk.{layer}.ffn_gate.weight", tiny.hidden, tiny.width)
        add(f"blk.{layer}.ffn_up.weight", tiny.hidden, tiny.width)
        add(f"blk.{layer}.ffn_down.weight", tiny.width, tiny.hidden)
