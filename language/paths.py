"""Where trained artefacts live: committed ones under `models/`, built ones beside them or where the environment says."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
RESOURCES = Path(__file__).resolve().parent / "resources"


def built_folder() -> Path:
    """The folder for what set-up builds on this machine (never committed)."""
    override = os.environ.get("GILDONGMU_MODELS_BUILT")
    return Path(override) if override else MODELS / "built"
