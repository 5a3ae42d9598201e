"""RAGFlow's released names in tests: the same temporary projects and the same scripted answers."""

from __future__ import annotations

from typing import ClassVar

from ragflow_local import sdk
from ragflow_local.api.ragflow import RAGFlow as Engine
from ragflow_local.testing.engine import ScriptedRAGFlow


class ReleasedRAGFlow(sdk.RAGFlow):
    """``ragflow_sdk.RAGFlow`` on a temporary project of the running test; any model is known."""

    _engine_type: ClassVar[type[Engine]] = ScriptedRAGFlow
    _knows_all_models: ClassVar[bool] = True

    engine: ScriptedRAGFlow

    def answers(self, *answers: str) -> None:
        """Let the chat models of this test give these answers; see ``ScriptedRAGFlow``."""
        self.engine.answers(*answers)

    @property
    def prompts(self) -> list[list[dict[str, str]]]:
        """What the chat models of this test were told so far."""
        return self.engine.prompts
