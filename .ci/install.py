"""Install the engine from this folder: no network is used.

    python3 install.py [ENVIRONMENT]        default: ragflow-local, a new folder here

The folder must be whole, and made for this Python and this kind of computer.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROCESSOR = "import llama_cpp; llama_cpp.llama_backend_init(); llama_cpp.llama_print_system_info()"


def main() -> None:
    """Check the folder, make the environment, install, and say how it goes on."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "ragflow-local").absolute()
    manifest = json.loads((HERE / "manifest.json").read_text())
    check_machine(manifest)
    check_files(manifest["files"])
    sys.stdout.write(f"Installing into {target}\n")
    venv.create(target, with_pip=True)
    scripts = target / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(scripts / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-index"]
    # Not what this computer's pip is set to: only what lies here.
    alone = ["--isolated", "--find-links", str(HERE / "wheels"), manifest["install"]]
    subprocess.run([*pip, *alone], env={**os.environ, "PIP_CONFIG_FILE": os.devnull}, check=True)
    check_processor(python, manifest["install"])
    models = [path for path in (HERE / "models").iterdir() if path.name != "README.md"]
    if models:
        sys.stdout.write(f"Models: set RAGFLOW_LOCAL_MODELS={HERE / 'models'}\n")
    sys.stdout.write(f"Try it: {scripts / 'ragflow-local'} demo\n")


def check_machine(manifest: dict[str, str]) -> None:
    """End where the wheels are for another Python or another kind of computer."""
    found = {"python": sysconfig.get_python_version(), "platform": sysconfig.get_platform()}
    for what, name in found.items():
        if manifest[what] != name:
            sys.exit(
                f"This folder was made for {what} {manifest[what]}, this is {name}."
                f" Run it with that {what}, or make the folder on a computer like this one."
            )


def check_files(files: dict[str, str]) -> None:
    """End where a file is missing, or not as it was made."""
    for name, sha256 in files.items():
        path = HERE / name
        if not path.is_file():
            sys.exit(f"{name} is missing. Copy the folder again.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                sys.exit(f"{name} is damaged. Copy the folder again.")


def check_processor(python: str, installed: str) -> None:
    """End where llama.cpp was compiled for a processor that can do more than this one."""
    if "llm" not in installed:
        return
    tried = subprocess.run([python, "-c", PROCESSOR], capture_output=True, check=False)
    if tried.returncode:
        sys.exit(
            "llama.cpp does not run on this processor. Make the folder anew: make bundle"
            " PORTABLE=1. All but answers by a chat model works."
        )


if __name__ == "__main__":
    main()
