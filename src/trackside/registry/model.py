"""Wire types of registered models and versions, and the checks of their values, in MLflow's form.  Contains no SQL."""

import re
from collections.abc import Sequence
from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call, Part

MAX_NAME = 256
MAX_TAG_KEY = 250
MAX_TAG_VALUE = 100_000
TAG_HEAD = 100  # characters of a tag's value that are indexed
MAX_ALIAS = 255
MAX_SOURCE_BYTES = 2_048  # about the limit of an index entry in PostgreSQL
MAX_VERSION = 2**31 - 1

IS_PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPT_TEXT_TAG = "mlflow.prompt.text"
LATEST = "latest"
NO_STAGE = "None"
ARCHIVED = "Archived"

_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")


class Tag(Answer, frozen=True):
    key: str
    value: str


class Alias(Answer, frozen=True):
    alias: str
    version: str


class ModelVersion(Answer, frozen=True):
    """A version.  Numbers are strings, as in MLflow; a description that was never set is absent, and an empty one is ""."""

    name: str
    version: str
    creation_timestamp: int  # ms
    last_updated_timestamp: int  # ms
    current_stage: str
    source: str
    run_id: str
    status: str
    run_link: str
    description: str | UnsetType = UNSET
    tags: list[Tag] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)


class RegisteredModel(Answer, frozen=True):
    """A registered model.  `latest_versions` has the highest version of each stage."""

    name: str
    creation_timestamp: int  # ms
    last_updated_timestamp: int  # ms
    description: str = ""
    latest_versions: list[ModelVersion] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)


class GotModel(Answer, frozen=True):
    registered_model: RegisteredModel


class GotVersion(Answer, frozen=True):
    model_version: ModelVersion


class FoundModels(Answer, frozen=True):
    registered_models: list[RegisteredModel] = field(default_factory=list)
    next_page_token: str | None = None


class FoundVersions(Answer, frozen=True):
    model_versions: list[ModelVersion] = field(default_factory=list)
    next_page_token: str | None = None


class LatestVersions(Answer, frozen=True):
    model_versions: list[ModelVersion] = field(default_factory=list)


class DownloadUri(Answer, frozen=True):
    artifact_uri: str


class GivenTag(Part, frozen=True):
    key: str | None = None
    value: str | None = None


class OfModel(Call, frozen=True):
    """A call that names a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None

    @property
    def model(self) -> str:
        return self.name or ""


class CreateModel(OfModel, frozen=True):
    tags: list[GivenTag] | None = None
    description: str | None = None


class UpdateModel(OfModel, frozen=True):
    description: str | None = None


class RenameModel(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "new_name")
    new_name: str | None = None


class Search(Call, frozen=True):
    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class ListModels(Call, frozen=True):
    max_results: int | None = None
    page_token: str | None = None


class GetLatest(OfModel, frozen=True):
    stages: list[str] | None = None


class SetModelTag(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "key")
    key: str | None = None
    value: str | None = None


class DeleteModelTag(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "key")
    key: str | None = None


class OfAlias(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "alias")
    alias: str | None = None


class SetAlias(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "alias", "version")
    alias: str | None = None
    version: str | None = None


class OfVersion(OfModel, frozen=True):
    """A call that names a version; its number is text, as MLflow's clients send it."""

    required: ClassVar[tuple[str, ...]] = ("name", "version")
    version: str | None = None

    @property
    def number(self) -> str:
        return self.version or ""


class GetDownloadUri(OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ()


class CreateVersion(OfModel, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "source")
    source: str | None = None
    run_id: str | None = None
    tags: list[GivenTag] | None = None
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class Register(CreateVersion, frozen=True):
    """The first version of a model that does not exist yet.  `tags` and `description` are those of the version."""

    model_tags: list[GivenTag] | None = None


class UpdateVersion(OfVersion, frozen=True):
    description: str | None = None


class Transition(OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "version", "stage")
    stage: str | None = None
    archive_existing_versions: bool | None = None


class SetVersionTag(OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "version", "key")
    key: str | None = None
    value: str | None = None


class DeleteVersionTag(OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "version", "key")
    key: str | None = None


def model_not_found(name: str) -> NotFound:
    return NotFound(f"Registered Model with name={name} not found").because(
        "missing", kind="registered_model", name=name
    )


def version_not_found(name: str, version: str | int) -> NotFound:
    return NotFound(f"Model Version (name={name}, version={version}) not found").because(
        "missing", kind="model_version", name=f"{name} {version}"
    )


def check_name(name: str | None, path: str = "name") -> str:
    if name is None or not name.strip():
        raise Invalid(f"Missing value for required parameter '{path}'.")
    if "/" in name or ":" in name:
        raise Invalid(f"Invalid model name '{name[:500]}'. Names cannot contain '/' or ':'.").because(
            "bad-name", kind="registered_model", name=name
        )
    fault = names.path_fault(name)
    if fault is not None:
        raise Invalid(f"Invalid value {names.shown(name)} for parameter 'name' supplied: {fault}")
    names.check_length(name, path, MAX_NAME)
    return name


def check_version(version: str) -> int:
    if not _WHOLE.fullmatch(version):
        raise Invalid(f"Parameter 'version' must be an integer, got '{version[:100]}'.")
    return int(version)


def check_model_tags(given: Sequence[GivenTag]) -> dict[str, str]:
    """Return the tags as a dictionary; of several tags with the same key, the last one wins."""
    names.check_count(given, "tags")
    return dict(check_model_tag(tag.key or "", tag.value) for tag in given)


def check_model_tag(key: str, value: str | None) -> tuple[str, str]:
    names.check_key(key, "key")
    names.check_length(key, "key", MAX_TAG_KEY)
    names.check_length(value or "", "value", MAX_TAG_VALUE)
    return key, value or ""


def check_version_tags(given: Sequence[GivenTag]) -> dict[str, str]:
    names.check_count(given, "tags")
    return dict(check_version_tag(tag.key or "", tag.value) for tag in given)


def check_version_tag(key: str, value: str | None) -> tuple[str, str]:
    if key == PROMPT_TEXT_TAG and len(value or "") > MAX_TAG_VALUE:
        raise Invalid(f"Prompt text exceeds max length of {MAX_TAG_VALUE} characters.")
    return check_model_tag(key, value)


def check_alias(alias: str) -> str:
    if not alias:
        raise Invalid("Registered model alias name cannot be empty.")
    if not _ALIAS.fullmatch(alias):
        raise Invalid(
            f"Invalid alias name: '{alias[:500]}'. "
            "Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    names.check_length(alias, "Registered model alias name", MAX_ALIAS)
    return alias


def check_new_alias(alias: str) -> str:
    check_alias(alias)
    if alias.lower() == LATEST:
        raise Invalid("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise Invalid(f"Version alias name '{alias}' is reserved.")
    return alias


def marks_prompt(tags: dict[str, str]) -> bool:
    """Return whether the tags mark a model as a prompt."""
    return tags.get(IS_PROMPT_TAG, "").lower() == "true"
