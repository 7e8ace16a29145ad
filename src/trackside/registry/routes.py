"""MLflow's calls for registered models and their versions."""

from msgspec import structs

from trackside.access import store as access
from trackside.core.access import Action, Object, Reference
from trackside.core.db.tx import Tx
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import by
from trackside.logged_models.owners import located_uri
from trackside.registry import aliases, models, search, transitions, versions
from trackside.registry import model as m
from trackside.registry.files import origins, removal
from trackside.workspaces import store as workspaces

ONE = by("model", "name")


def _with_sources(call: m.CreateVersion) -> list[Reference]:
    """Return the model and the sources of the version: every reader of the version can read the sources."""
    reads = Action.RUNS_READ
    found = [Reference("model", call.name or "")]
    if call.run_id:
        found.append(Reference("run", call.run_id, reads))
    if call.model_id:
        found.append(Reference("logged_model", call.model_id, reads))
    scheme, _, rest = (call.source or "").partition(":/")
    first, _, version = rest.strip("/").partition("/")
    if scheme == "runs":
        found.append(Reference("run", first, reads))
    elif scheme == "models" and first.startswith("m-") and not version:
        found.append(Reference("logged_model", first, reads))
    elif scheme == "models":
        found.append(Reference("model", first, Action.MODELS_READ))
    elif call.source:
        found.append(Reference("artifact", located_uri(call.source), reads))
    return found


SOURCES = _with_sources


def sources_of_first(call: m.Register) -> list[Reference]:
    """Return the workspace of the new model, and the sources of its first version."""
    _, *sources = _with_sources(call)
    return [Reference("workspace", ""), *sources]


def create_model(tx: Tx, call: m.CreateModel) -> m.GotModel:
    tags = m.check_model_tags(call.tags or [])
    made = models.create(tx, call.model, tags, call.description or "")
    access.let_creator_manage(tx, Object("model", call.model))
    return m.GotModel(registered_model=made)


def get_model(tx: Tx, call: m.OfModel) -> m.GotModel:
    return m.GotModel(registered_model=models.get(tx, call.model))


def update_model(tx: Tx, call: m.UpdateModel) -> m.GotModel:
    """Set the description, or clear it if the call has none."""
    return m.GotModel(registered_model=models.update(tx, call.model, call.description or ""))


def rename_model(tx: Tx, call: m.RenameModel) -> m.GotModel:
    return m.GotModel(registered_model=models.rename(tx, call.model, call.new_name or ""))


def delete_model(tx: Tx, call: m.OfModel) -> None:
    models.delete(tx, call.model)


def set_model_tag(tx: Tx, call: m.SetModelTag) -> None:
    models.set_tag(tx, call.model, *m.check_model_tag(call.key or "", call.value))


def delete_model_tag(tx: Tx, call: m.DeleteModelTag) -> None:
    models.delete_tag(tx, call.model, m.check_model_tag(call.key or "", None)[0])


def set_alias(tx: Tx, call: m.SetAlias) -> None:
    aliases.put(tx, call.model, call.alias or "", call.version or "")


def delete_alias(tx: Tx, call: m.OfAlias) -> None:
    aliases.delete(tx, call.model, call.alias or "")


def get_by_alias(tx: Tx, call: m.OfAlias) -> m.GotVersion:
    return m.GotVersion(model_version=aliases.get(tx, call.model, call.alias or ""))


def get_latest(tx: Tx, call: m.GetLatest) -> m.LatestVersions:
    return m.LatestVersions(model_versions=versions.latest_in(tx, call.model, call.stages or []))


def create_version(tx: Tx, call: m.CreateVersion) -> m.GotVersion:
    tags = m.check_version_tags(call.tags or [])
    # After this lock, a removal of files is either recorded already, or begins after this transaction.
    workspaces.hold(tx)
    is_prompt = m.marks_prompt(tags)
    origin = origins.of_prompt(call) if is_prompt else origins.of_call(tx, call)
    removal.check_not_being_removed(tx, origin.files_uri)
    made = versions.create(
        tx, call.model, origin, tags=tags, run_link=call.run_link or "", description=call.description or ""
    )
    if origin.model_id:
        origins.tag_logged_model(tx, origin.model_id, made.name, made.version)
    return m.GotVersion(model_version=made)


def register(tx: Tx, call: m.Register) -> m.GotVersion:
    """Create a registered model and its first version in one transaction."""
    create_model(tx, m.CreateModel(name=call.name, tags=call.model_tags))
    return create_version(tx, call)


def get_version(tx: Tx, call: m.OfVersion) -> m.GotVersion:
    return m.GotVersion(model_version=versions.get(tx, call.model, call.number))


def update_version(tx: Tx, call: m.UpdateVersion) -> m.GotVersion:
    """Set the description, or clear it if the call has none."""
    return m.GotVersion(model_version=versions.update(tx, call.model, call.number, call.description))


def transition(tx: Tx, call: m.Transition) -> m.GotVersion:
    moved = transitions.move(
        tx, call.model, call.number, call.stage or "", archive_existing=bool(call.archive_existing_versions)
    )
    return m.GotVersion(model_version=moved)


def delete_version(tx: Tx, call: m.OfVersion) -> None:
    versions.delete(tx, call.model, call.number)


def get_download_uri(tx: Tx, call: m.GetDownloadUri) -> m.DownloadUri:
    return m.DownloadUri(artifact_uri=versions.download_uri(tx, call.model, call.number))


def set_version_tag(tx: Tx, call: m.SetVersionTag) -> None:
    versions.set_tag(tx, call.model, call.number, *m.check_version_tag(call.key or "", call.value))


def delete_version_tag(tx: Tx, call: m.DeleteVersionTag) -> None:
    versions.delete_tag(tx, call.model, call.number, m.check_version_tag(call.key or "", None)[0])


def list_models(tx: Tx, call: m.ListModels) -> m.FoundModels:
    """Return all models, for clients of MLflow 1."""
    return search.search_models(tx, m.Search(max_results=call.max_results, page_token=call.page_token))


def routes() -> list[Route]:
    """Return the routes, which clients of MLflow 1 call below `preview`."""
    return [
        structs.replace(route, paths=(*route.paths, route.paths[0].replace("/api/2.0/", "/api/2.0/preview/")))
        for route in _routes()
    ]


def _routes() -> list[Route]:
    got_model, got_version, latest = m.GotModel, m.GotVersion, m.LatestVersions
    model, version = "registered-models", "model-versions"
    return [
        command(f"POST {model}/create", m.CreateModel, create_model, needs=Action.MODELS_CREATE, answer=got_model),
        query(f"GET {model}/get", m.OfModel, get_model, needs=Action.MODELS_READ, on=ONE, quick=True, answer=got_model),
        command(
            f"PATCH {model}/update", m.UpdateModel, update_model, needs=Action.MODELS_WRITE, on=ONE, answer=got_model
        ),
        command(
            f"POST {model}/rename", m.RenameModel, rename_model, needs=Action.MODELS_WRITE, on=ONE, answer=got_model
        ),
        command(f"DELETE {model}/delete", m.OfModel, delete_model, needs=Action.MODELS_DELETE, on=ONE),
        query(
            f"GET {model}/search",
            m.Search,
            search.search_models,
            needs=Action.MODELS_READ,
            on=LISTED,
            answer=m.FoundModels,
        ),
        query(
            f"GET {model}/list", m.ListModels, list_models, needs=Action.MODELS_READ, on=LISTED, answer=m.FoundModels
        ),
        command(f"POST {model}/set-tag", m.SetModelTag, set_model_tag, needs=Action.MODELS_WRITE, on=ONE),
        command(f"DELETE {model}/delete-tag", m.DeleteModelTag, delete_model_tag, needs=Action.MODELS_WRITE, on=ONE),
        command(f"POST {model}/alias", m.SetAlias, set_alias, needs=Action.MODELS_WRITE, on=ONE),
        query(
            f"GET {model}/alias",
            m.OfAlias,
            get_by_alias,
            needs=Action.MODELS_READ,
            on=ONE,
            quick=True,
            answer=got_version,
        ),
        command(f"DELETE {model}/alias", m.OfAlias, delete_alias, needs=Action.MODELS_WRITE, on=ONE),
        query(
            f"POST {model}/get-latest-versions",
            m.GetLatest,
            get_latest,
            needs=Action.MODELS_READ,
            on=ONE,
            quick=True,
            answer=latest,
        ),
        query(
            f"GET {model}/get-latest-versions",
            m.GetLatest,
            get_latest,
            needs=Action.MODELS_READ,
            on=ONE,
            quick=True,
            answer=latest,
        ),
        command(
            f"POST {version}/create",
            m.CreateVersion,
            create_version,
            needs=Action.MODELS_WRITE,
            on=SOURCES,
            also=(Action.RUNS_READ,),
            answer=got_version,
        ),
        query(
            f"GET {version}/get",
            m.OfVersion,
            get_version,
            needs=Action.MODELS_READ,
            on=ONE,
            quick=True,
            answer=got_version,
        ),
        command(
            f"PATCH {version}/update",
            m.UpdateVersion,
            update_version,
            needs=Action.MODELS_WRITE,
            on=ONE,
            answer=got_version,
        ),
        command(
            f"POST {version}/transition-stage",
            m.Transition,
            transition,
            needs=Action.MODELS_WRITE,
            on=ONE,
            answer=got_version,
        ),
        command(f"DELETE {version}/delete", m.OfVersion, delete_version, needs=Action.MODELS_DELETE, on=ONE),
        query(
            f"GET {version}/search",
            m.Search,
            search.search_versions,
            needs=Action.MODELS_READ,
            on=LISTED,
            answer=m.FoundVersions,
        ),
        query(
            f"GET {version}/get-download-uri",
            m.GetDownloadUri,
            get_download_uri,
            needs=Action.MODELS_READ,
            on=ONE,
            quick=True,
            answer=m.DownloadUri,
        ),
        command(f"POST {version}/set-tag", m.SetVersionTag, set_version_tag, needs=Action.MODELS_WRITE, on=ONE),
        command(
            f"DELETE {version}/delete-tag", m.DeleteVersionTag, delete_version_tag, needs=Action.MODELS_WRITE, on=ONE
        ),
    ]
