"""Serving without TensorFlow: 470 MB and 11 s of imports become 210 MB and 5 s.

Rasa imports TensorFlow wherever it defines a policy or a component, also for those that never use it. None of ours does (``config.yml``),
so in the serving process the name ``tensorflow`` is answered by an empty shell: classes may derive from it at import, but a model that
really used it would fail at its first call, loudly.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import MutableSequence
from typing import Any

ROOTS = frozenset({"tensorflow", "tensorflow_hub", "tensorflow_text", "keras"})


class _ShellType(type):
    """Lets annotations and default arguments at import time go through."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Shell

    def __getitem__(cls, key: Any) -> Any:
        return cls

    def __or__(cls, other: Any) -> Any:
        return cls

    def __ror__(cls, other: Any) -> Any:
        return cls


class Shell(metaclass=_ShellType):
    """Stands for any class or function of the absent library."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.first = args[0] if args else None

    def __call__(self, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As a decorator it changes nothing; anything else is a use that must not happen."""
        if callable(function):
            return function
        raise RuntimeError("a TensorFlow component is in the pipeline, but this process serves without TensorFlow")


class _Module(types.ModuleType):
    __path__: MutableSequence[str] = []  # noqa: RUF012  (what makes a module a package)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        shell = _ShellType(name, (Shell,), {})
        setattr(self, name, shell)
        return shell


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".", 1)[0] in ROOTS:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to run."""


def without_tensorflow() -> None:
    """From here on, importing TensorFlow gives the shell. Call before anything of Rasa is imported."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
