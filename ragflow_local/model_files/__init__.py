"""Lists, checks and adds the models on this computer.

Nothing is ever downloaded: a model is a file or a folder that the user has.
"""

from ragflow_local.model_files.adding import add_model
from ragflow_local.model_files.checking import Check, check_model
from ragflow_local.model_files.listing import TOO_SMALL, Model, find_model, models_here, models_in

__all__ = [
    "TOO_SMALL",
    "Check",
    "Model",
    "add_model",
    "check_model",
    "find_model",
    "models_here",
    "models_in",
]
