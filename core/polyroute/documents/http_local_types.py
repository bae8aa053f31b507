"""Types of documents: responses of the HTTP API about models on this machine."""

from __future__ import annotations

from typing import NotRequired

from polyroute.dexto_compat.types import FileSource
from polyroute.documents.facts import TypedDict
from polyroute.documents.http_types import Noted


class LocalModel(TypedDict):
    """A model file that is installed on this machine."""

    id: str
    displayName: str
    filePath: str
    sizeBytes: int
    source: NotRequired[FileSource]


class LocalModels(TypedDict):
    """The model files that are installed on this machine."""

    models: list[LocalModel]


class FileValidation(Noted):
    """Whether a file can be used as a model."""

    valid: bool
    sizeBytes: NotRequired[int]
    error: NotRequired[str]


class ServedModel(TypedDict):
    """A model of a local server."""

    name: str
    size: NotRequired[int]
    """In bytes."""
    digest: NotRequired[str]
    modifiedAt: NotRequired[str]


class ServedModels(TypedDict):
    """Whether a local server runs, and its models."""

    available: bool
    version: NotRequired[str]
    models: list[ServedModel]
    error: NotRequired[str]
