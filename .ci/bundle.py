"""Make a folder that the engine can be installed from where there is no network.

    python .ci/bundle.py [FOLDER]        default: dist/bundle; make bundle does the same

It holds wheels of everything, for this Python and this kind of computer, what lies in models/,
and install.py. EXTRAS names what comes beside the engine: llm,mcp,ocr,web, or nothing.
llama.cpp is compiled for this processor, or taken from pip's cache; PORTABLE=1 compiles it for any
with AVX2.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARY = "llama-cpp-python"


def main() -> None:
    """Make the folder anew."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist" / "bundle").absolute()
    named = os.environ.get("EXTRAS", "llm,mcp,ocr,web")
    extras = f"[{named}]" if named else ""
    wheels = folder / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    wheels.mkdir(parents=True)
    if os.environ.get("PORTABLE"):
        os.environ["CMAKE_ARGS"] = "-DGGML_NATIVE=OFF"
        wheel(wheels, "--no-cache-dir", "--no-deps", LIBRARY)
    wheel(wheels, f"{ROOT}{extras}")
    shutil.copytree(ROOT / "models", folder / "models")
    shutil.copy(ROOT / ".ci" / "install.py", folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "install": f"ragflow-local{extras}",
        "python": sysconfig.get_python_version(),
        "platform": sysconfig.get_platform(),
        "files": {path.relative_to(folder).as_posix(): sha256_of(path) for path in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    size = sum(path.stat().st_size for path in files) / 1e6
    sys.stdout.write(f"{folder}: {len(files)} files, {size:.0f} MB\n")


def wheel(wheels: Path, *wanted: str) -> None:
    """Put the wheels of something into the folder, with all it needs; what is there is used."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-qq"]
    where = ["-c", str(ROOT / "constraints.txt"), "--find-links", str(wheels), "-w", str(wheels)]
    subprocess.run([*pip, *where, *wanted], check=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
