"""Registered models and their tags in SQL."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import uuid4

from msgspec import Struct, structs

from trackside.access import store as access
from trackside.core.access import Object
from trackside.core.db.texts import texts
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists
from trackside.core.filters import trigrams
from trackside.core.http.codec import encode
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.registry import history, uses, versions
from trackside.registry.history import Kind
from trackside.registry.model import (
    IS_PROMPT_TAG,
    TAG_HEAD,
    Alias,
    RegisteredModel,
    Tag,
    check_name,
    marks_prompt,
    model_not_found,
)
from trackside.workspaces import store as workspaces


class Key(Struct, frozen=True):
    """Internal keys of a model, for writes."""

    model_seq: int
    name: str
    is_prompt: bool
    uid: str  # its id on all sides of links


def create(tx: Tx, name: str, tags: dict[str, str], description: str) -> RegisteredModel:
    workspaces.hold(tx)
    made = tx.one(
        """
        INSERT INTO registered_models (workspace_id, uid, name, description, is_prompt, last_version, creation_time,
            last_updated_time)
        VALUES (:ws, :uid, :name, :description, :is_prompt, 0, :now, :now) ON CONFLICT DO NOTHING
        RETURNING model_seq, uid, is_prompt
        """,
        uid=uuid4().hex,
        name=check_name(name),
        description=description,
        is_prompt=int(marks_prompt(tags)),
    )
    if made is None:
        raise _taken(tx, name, is_prompt=IS_PROMPT_TAG in tags)
    model_seq, uid, is_prompt = made
    for tag_key, value in tags.items():
        put_tag(tx, model_seq, tag_key, value)
    history.add(tx, model_seq, name, Kind.MODEL, before=None, after=name)
    record(tx, Key(model_seq, name, bool(is_prompt), uid), "create", tags=tags, description=description)
    return load(tx, [model_seq])[0]


def get(tx: Tx, name: str) -> RegisteredModel:
    return load(tx, [key_of(tx, name).model_seq])[0]


def update(tx: Tx, name: str, description: str) -> RegisteredModel:
    key = lock(tx, name)
    tx.run(
        """
        UPDATE registered_models SET description = :description, last_updated_time = :now
        WHERE workspace_id = :ws AND model_seq = :model
        """,
        model=key.model_seq,
        description=description,
    )
    record(tx, key, "update", description=description)
    return load(tx, [key.model_seq])[0]


def rename(tx: Tx, name: str, new_name: str) -> RegisteredModel:
    """Rename a model.  Its versions, tags, aliases and history are kept."""
    check_name(new_name, "new_name")
    key = lock(tx, name)
    changed = tx.run(
        """
        UPDATE registered_models SET name = :new, last_updated_time = :now
        WHERE workspace_id = :ws AND model_seq = :model AND (name = :new OR NOT EXISTS (
            SELECT 1 FROM registered_models WHERE workspace_id = :ws AND name = :new))
        """,
        model=key.model_seq,
        new=new_name,
    )
    if not changed:
        raise AlreadyExists(f"Registered Model (name={new_name}) already exists.").because(
            "taken", kind="registered_model", name=new_name
        )
    tx.run(
        """
        UPDATE model_versions SET name = :new, last_updated_time = :now WHERE workspace_id = :ws AND model_seq = :model
        """,
        model=key.model_seq,
        new=new_name,
    )
    if new_name != name:
        holds.rename_model(tx, name, new_name)
        access.rename_object(tx, workspaces.name(tx), Object("model", name), new_name)
        history.add(tx, key.model_seq, new_name, Kind.MODEL, before=name, after=new_name)
    record(tx, structs.replace(key, name=new_name), "rename", before=name, after=new_name)
    return load(tx, [key.model_seq])[0]


def delete(tx: Tx, name: str) -> None:
    """Delete a model with its versions, but not their files.  Raise BadState if a version is in use or a legal hold covers it."""
    holds.check(tx, Held.MODEL, name)
    key = lock(tx, name)
    uses.check_free(tx, name, key.model_seq)
    history.end(tx, key.model_seq, name, key.uid)
    versions.delete_all(tx, name, key.model_seq, key.uid)
    for table in ("registered_model_aliases", "registered_model_tags", "registered_models"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND model_seq = :model", model=key.model_seq)
    access.forget_object(tx, workspaces.name(tx), Object("model", name))
    record(tx, key, "delete", is_prompt=key.is_prompt)


def set_tag(tx: Tx, name: str, tag_key: str, value: str) -> None:
    key = lock(tx, name)
    put_tag(tx, key.model_seq, tag_key, value)
    if tag_key == IS_PROMPT_TAG:
        _set_prompt(tx, key.model_seq, is_prompt=marks_prompt({tag_key: value}))
    record(tx, key, "set-tag", key=tag_key, value=value, is_prompt=key.is_prompt)


def delete_tag(tx: Tx, name: str, tag_key: str) -> None:
    """Delete a tag, if it exists."""
    holds.check(tx, Held.MODEL, name)
    key = lock(tx, name)
    gone = tx.run(
        "DELETE FROM registered_model_tags WHERE workspace_id = :ws AND model_seq = :model AND key = :key",
        model=key.model_seq,
        key=tag_key,
    )
    if tag_key == IS_PROMPT_TAG:
        _set_prompt(tx, key.model_seq, is_prompt=False)
    if gone:
        record(tx, key, "delete-tag", key=tag_key, is_prompt=key.is_prompt)


def key_of(tx: Tx, name: str) -> Key:
    row = tx.one(
        "SELECT model_seq, is_prompt, uid FROM registered_models WHERE workspace_id = :ws AND name = :name",
        name=check_name(name),
    )
    if row is None:
        raise model_not_found(name)
    return Key(row[0], name, bool(row[1]), row[2])


def lock(tx: Tx, name: str) -> Key:
    """Return the model and lock its row, so that writes to one model are serialized, also across servers."""
    key = find_locked(tx, check_name(name))
    if key is None:
        raise model_not_found(name)
    return key


def find_locked(tx: Tx, name: str) -> Key | None:
    row = tx.one(
        """
        UPDATE registered_models SET last_version = last_version WHERE workspace_id = :ws AND name = :name
        RETURNING model_seq, is_prompt, uid
        """,
        name=name,
    )
    return None if row is None else Key(row[0], name, bool(row[1]), row[2])


def load(tx: Tx, model_seqs: Sequence[int]) -> list[RegisteredModel]:
    """Return models in the order of `model_seqs`."""
    if not model_seqs:
        return []
    seqs = list(model_seqs)
    rows = {
        row[0]: row[1:]
        for row in tx.all(
            """
            SELECT model_seq, name, creation_time, last_updated_time, description FROM registered_models
            WHERE +workspace_id = :ws AND model_seq IN :models
            """,
            models=seqs,
        )
    }
    tags = _by_model(
        texts(
            tx,
            """
            SELECT model_seq AS seq, key, value FROM registered_model_tags WHERE +workspace_id = :ws AND model_seq IN :models
            ORDER BY model_seq, key
            """,
            models=seqs,
        ),
        lambda key, value: Tag(key=key, value=value),
    )
    aliases = _by_model(
        tx.all(
            """
            SELECT model_seq, alias, version FROM registered_model_aliases
            WHERE +workspace_id = :ws AND model_seq IN :models ORDER BY model_seq, alias
            """,
            models=seqs,
        ),
        lambda alias, version: Alias(alias=alias, version=str(version)),
    )
    latest = versions.latest(tx, seqs)
    models = []
    for seq in seqs:
        if seq in rows:
            name, created, updated, description = rows[seq]
            models.append(
                RegisteredModel(
                    name=name,
                    creation_timestamp=created,
                    last_updated_timestamp=updated,
                    description=description,
                    latest_versions=latest.get(seq, []),
                    tags=tags.get(seq, []),
                    aliases=aliases.get(seq, []),
                )
            )
    return models


def put_tag(tx: Tx, model_seq: int, key: str, value: str) -> None:
    tx.run(
        """
        INSERT INTO registered_model_tags (workspace_id, model_seq, key, value, value_head, value_grams)
        VALUES (:ws, :model, :key, :value, :head, :trigrams)
        ON CONFLICT (model_seq, key) DO UPDATE
        SET value = excluded.value, value_head = excluded.value_head, value_grams = excluded.value_grams
        """,
        model=model_seq,
        key=key,
        value=value,
        head=value[:TAG_HEAD],
        trigrams=trigrams.of_text(value),
    )


def _set_prompt(tx: Tx, model_seq: int, *, is_prompt: bool) -> None:
    tx.run(
        "UPDATE registered_models SET is_prompt = :is_prompt WHERE workspace_id = :ws AND model_seq = :model",
        model=model_seq,
        is_prompt=int(is_prompt),
    )


def _taken(tx: Tx, name: str, *, is_prompt: bool) -> AlreadyExists:
    old = "prompt" if key_of(tx, name).is_prompt else "registered model"
    new = "prompt" if is_prompt else "registered model"
    if old == new:
        return AlreadyExists(f"{new.title()} (name={name}) already exists.").because(
            "taken", kind=new.replace(" ", "_"), name=name
        )
    return AlreadyExists(
        f"Tried to create a {new} with name {name!r}, but the name is already taken by a {old}. MLflow does not allow "
        "creating a model and a prompt with the same name."
    )


def record(tx: Tx, key: Key, action: str, /, **detail: Any) -> None:
    kept = {name: value for name, value in detail.items() if value is not False}
    tx.record(Change("registered_model", key.name, action, encode({"uid": key.uid, **kept}).decode()))


def _by_model(rows: Iterable[Row], make: Callable[..., Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for seq, *values in rows:
        found.setdefault(seq, []).append(make(*values))
    return found
