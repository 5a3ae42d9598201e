"""Runs and exports any sentence-transformers model folder on torch."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ragflow_local.embedders.calibration import Calibrated
from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.onnx import MODEL, TOKENIZER, Form, logistic
from ragflow_local.embedders.vectors import encodable, unit_rows
from ragflow_local.errors import DamagedModelError, MissingModelError
from ragflow_local.records import Matrix, Vector

# 16 and not the library's 32: 32 texts of 512 tokens in a large model take gigabytes.
BATCH = 16


class SentenceTransformersEmbedder(Calibrated):
    """A model as its authors published it: exact, but torch takes seconds to load."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        super().__init__()
        self.name = folder.name
        self.dim = folder.dim
        self.max_tokens = folder.max_tokens
        self.prompts = folder.prompts
        self.tokenizer_file = folder.tokenizer_file
        self.fingerprint = fingerprint
        self.backend = "torch"
        self._model = _load(folder)
        # Its tokenizer keeps padding and truncation as state, so two threads would race.
        self._lock = threading.Lock()
        width = self._encode(["width"], "").shape[1]
        if width != folder.dim:
            raise DamagedModelError(
                folder.name, f"its vectors have {width} numbers, its files say {folder.dim}"
            )

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        return self._encode(texts, self.prompts[1])

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32 of length 1, of the question with its own prompt."""
        return self._encode([question], self.prompts[0]).reshape(-1)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        with self._lock:
            vectors = self._model.encode(
                [encodable(text) for text in texts],
                prompt=prompt,  # "" and not None: None would take the folder's default prompt
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        return unit_rows(np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1))

    def export(self, target: Path) -> str:
        """Write model.onnx, tokenizer.json and form.json into ``target``; return what failed.

        The whole model goes into the graph, pooling and all that follows it, so that no module
        has to be written a second time.
        """
        import torch

        tokenizer: Any = self._model.tokenizer
        backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None or tokenizer.pad_token_id is None:
            return "its tokenizer has no ONNX form"
        if any(not getattr(module, "include_prompt", True) for module in self._model):
            return "its pooling leaves out the prompt"
        transformer = self._model[0].auto_model
        attention = transformer.config._attn_implementation
        with self._lock, _quiet(), torch.no_grad():
            try:
                # Written out operation by operation: the fused one exports as a longer graph.
                transformer.set_attn_implementation("eager")
                _write_graph(self._model, target / MODEL)
            except Exception as error:  # noqa: BLE001  # an exporter may raise anything at all
                return f"exporting it failed: {type(error).__name__}: {str(error)[:300]}"
            finally:
                transformer.set_attn_implementation(attention)
        (target / TOKENIZER).write_text(backend.to_str(), encoding="utf-8")
        Form(
            window_tokens=int(self._model.max_seq_length),
            pad_id=int(tokenizer.pad_token_id),
            pads_left=tokenizer.padding_side == "left",
            lowercase=bool(getattr(self._model[0], "do_lower_case", False)),
        ).write(target)
        return ""


class CrossEncoder:
    """A cross-encoder as its authors published it, on torch."""

    def __init__(self, folder: ModelFolder) -> None:
        self.name = folder.name
        self._window_tokens = folder.window_tokens
        self._lock = threading.Lock()
        with _loading(folder):
            import transformers

            options: Any = {"local_files_only": True, "trust_remote_code": False}
            weights: Any = {"use_safetensors": True}  # never a pickle
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                str(folder.path), **options
            )
            loaded: Any = transformers.AutoModelForSequenceClassification.from_pretrained(
                str(folder.path),
                attn_implementation="eager",
                output_loading_info=True,
                **weights,
                **options,
            )
        self._model: Any = loaded[0].eval()
        missing = sorted(loaded[1]["missing_keys"])
        if missing:
            # The library would fill in random numbers.
            raise DamagedModelError(
                folder.name, f"it is no cross-encoder: it has no {', '.join(missing[:3])}"
            )
        labels = int(self._model.config.num_labels)
        if labels != 1:
            raise DamagedModelError(
                folder.name, f"it gives {labels} numbers a pair; a reranker gives one"
            )

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]."""
        import torch

        batches: list[Vector] = [np.empty(0, np.float32)]
        for start in range(0, len(passages), BATCH):
            part = [encodable(passage) for passage in passages[start : start + BATCH]]
            with self._lock, torch.no_grad():
                feed = self._tokenizer(
                    [encodable(question)] * len(part),
                    part,
                    padding=True,
                    truncation=True,
                    max_length=self._window_tokens,
                    return_tensors="pt",
                )
                batches.append(self._model(**feed).logits[:, 0].float().numpy())
        return logistic(np.concatenate(batches))

    def export(self, target: Path) -> None:
        """Write model.onnx, tokenizer.json and form.json into ``target``; errors are torch's."""
        import torch

        model, tokenizer = self._model, self._tokenizer
        example = tokenizer([("one", "text"), ("and", "another one")], padding=True)
        example = {name: torch.tensor(values) for name, values in example.items()}
        names = list(example)

        class Whole(torch.nn.Module):
            def forward(self, *inputs: Any) -> Any:
                return model(**dict(zip(names, inputs, strict=True))).logits

        whole = Whole()
        whole.model = model
        axes = {name: {0: "texts", 1: "tokens"} for name in names}
        with self._lock, _quiet(), torch.no_grad():
            torch.onnx.export(
                whole.eval(),
                tuple(example.values()),
                str(target / MODEL),
                input_names=names,
                output_names=["score"],
                dynamic_axes={**axes, "score": {0: "texts"}},
                opset_version=17,
                dynamo=False,
            )
        (target / TOKENIZER).write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
        Form(self._window_tokens, int(tokenizer.pad_token_id), False, False).write(target)


def _write_graph(model: Any, file: Path) -> None:
    import torch

    transformer = model[0].auto_model
    # These take a finished mask; building it in the graph costs a tenth of the time.
    takes_mask = transformer.config.model_type in ("bert", "roberta", "xlm-roberta", "camembert")

    class Whole(torch.nn.Module):
        def forward(self, *inputs: Any) -> Any:
            features = dict(zip(names, inputs, strict=True))
            if not takes_mask:
                return model(features)["sentence_embedding"]
            keep = features["attention_mask"][:, None, None, :].to(torch.float32)
            hidden = {**features, "attention_mask": (1.0 - keep) * torch.finfo(torch.float32).min}
            features["token_embeddings"] = transformer(**hidden)[0]
            for module in list(model)[1:]:
                features = module(features)
            return features["sentence_embedding"]

    whole = Whole()
    whole.model = model
    example = model.tokenizer(["one text", "and another one"], padding=True, return_tensors="pt")
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in example]
    axes = {name: {0: "texts", 1: "tokens"} for name in names}
    torch.onnx.export(
        whole.eval(),
        tuple(example[name] for name in names),
        str(file),
        input_names=names,
        output_names=["embedding"],
        dynamic_axes={**axes, "embedding": {0: "texts"}},
        opset_version=17,
        # The exporter by tracing: the newer one needs onnxscript and takes ten times as long.
        dynamo=False,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries say while loading from the user's terminal."""
    import transformers.utils.logging

    speech: Any = transformers.utils.logging

    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "torch.onnx")]
    levels = [logger.level for logger in loggers]
    level, has_bars = speech.get_verbosity(), speech.is_progress_bar_enabled()
    speech.set_verbosity_error()
    speech.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Deprecations between these libraries: nothing that a user could act on.
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, before in zip(loggers, levels, strict=True):
            logger.setLevel(before)
        speech.set_verbosity(level)
        if has_bars:
            speech.enable_progress_bar()


@contextmanager
def _loading(folder: ModelFolder) -> Iterator[None]:
    """Keep the libraries offline and quiet; turn what they raise into our own errors."""
    # Before the import: the libraries read these once, and would otherwise call home.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import safetensors
            import sentence_transformers  # noqa: F401  # what both loaders stand on
    except ImportError as error:
        raise MissingModelError(
            folder.name,
            [folder.path],
            f"Its library is not installed ({error}): pip install 'ragflow-local[torch]'",
        ) from None
    with _quiet():
        try:
            yield
        except (
            OSError,
            ValueError,
            RuntimeError,
            LookupError,
            TypeError,
            AttributeError,
            ImportError,
            safetensors.SafetensorError,
        ) as error:
            raise DamagedModelError(folder.name, f"loading it failed: {error}") from error


def _load(folder: ModelFolder) -> Any:
    with _loading(folder):
        import torch
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(
            str(folder.path),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            # Never a pickle; folders in 16 bits are computed in 32.
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        ).eval()
