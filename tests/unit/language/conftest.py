import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from language.analysis import Analyser
from language.triage import Triage


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    """The real pipeline; builds the encoder on a machine that has none yet."""
    loaded = Analyser.load()
    assert loaded.degraded is None
    return loaded


@pytest.fixture(scope="session")
def triage() -> Triage:
    return Triage.load()


@pytest.fixture
def decide(analyser, triage):
    def run(text, *context):
        return triage.decide(analyser.analyse([text])[0], *context)

    return run
