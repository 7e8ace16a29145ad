"""Entries of the change log about models and versions, which links, webhooks and the audit log read."""

from typing import Any

import msgspec
import pytest

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.registry import model as m
from trackside.registry import models, versions
from trackside.registry.files.origins import Origin

pytestmark = pytest.mark.both

WS = 1
CLOUD = Origin("s3://b/a", "s3://b/a")
PROMPT = {m.IS_PROMPT_TAG: "True"}


def told(tx: Tx) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Entity, name, action and detail of each change, without the uids."""
    rows = tx.all(
        """
        SELECT entity, entity_id, action, detail FROM changes
        WHERE workspace_id = :ws AND entity IN :entities ORDER BY seq
        """,
        entities=["registered_model", "model_version"],
    )
    details = [msgspec.json.decode(detail) for *_, detail in rows]
    uids = [detail.pop("uid") for detail in details]
    parts = {uid.partition("/")[0] for uid in uids}
    assert len(parts) == 1  # a version's uid follows that of its model
    return [(entity, name, action, detail) for (entity, name, action, _), detail in zip(rows, details, strict=True)]


@pytest.mark.parametrize("is_prompt", [False, True])
def test_each_change_has_its_details(db: Any, is_prompt: bool) -> None:
    tags = PROMPT if is_prompt else {}
    prompt = {"is_prompt": True} if is_prompt else {}

    def work(tx: Tx) -> None:
        models.create(tx, "iris", {"a": "b", **tags}, "text")
        models.update(tx, "iris", "new text")
        models.set_tag(tx, "iris", "k", "v")
        models.delete_tag(tx, "iris", "k")
        models.delete_tag(tx, "iris", "k")  # there is none
        versions.create(tx, "iris", CLOUD, tags={"c": "d", **tags}, run_link="", description="first")
        versions.create(tx, "iris", CLOUD, tags=tags, run_link="", description="")
        versions.update(tx, "iris", "1", "second")
        versions.set_tag(tx, "iris", "1", "k", "v")
        versions.delete_tag(tx, "iris", "1", "k")
        versions.delete_tag(tx, "iris", "1", "k")
        models.rename(tx, "iris", "lily")
        versions.delete(tx, "lily", "1")
        models.delete(tx, "lily")

    db.writer.submit(WS, work).result()

    with db.read(WS) as tx:
        changes = [each for each in told(tx) if each[2] not in ("create", "rename")]
        made = [each for each in told(tx) if each[2] == "create"]
    model, version = "registered_model", "model_version"
    source = {"source": "s3://b/a", "run_id": ""}
    assert made == [
        (model, "iris", "create", {"tags": {"a": "b", **tags}, "description": "text"}),
        (version, "iris/1", "create", {**source, "tags": {"c": "d", **tags}, "description": "first", **prompt}),
        (version, "iris/2", "create", {**source, "tags": tags, "description": "", **prompt}),
    ]
    assert changes == [
        (model, "iris", "update", {"description": "new text"}),
        (model, "iris", "set-tag", {"key": "k", "value": "v", **prompt}),
        (model, "iris", "delete-tag", {"key": "k", **prompt}),
        (version, "iris/1", "update", {"description": "second", **prompt}),
        (version, "iris/1", "set-tag", {"key": "k", "value": "v", **prompt}),
        (version, "iris/1", "delete-tag", {"key": "k", **prompt}),
        (version, "lily/1", "delete", prompt),
        (version, "lily/2", "delete", {**prompt, "with_model": True}),
        (model, "lily", "delete", prompt),
    ]


def test_a_tag_marks_a_model_as_a_prompt_until_it_is_deleted(db: Any) -> None:
    def is_prompt(tx: Tx) -> tuple[bool, bool]:
        return models.key_of(tx, "iris").is_prompt, versions.locked(tx, "iris", "1").is_prompt

    def work(tx: Tx) -> list[tuple[bool, bool]]:
        models.create(tx, "iris", {}, "")
        models.create(tx, "other", PROMPT, "")
        versions.create(tx, "iris", CLOUD, tags={}, run_link="", description="")
        seen = [is_prompt(tx)]
        models.set_tag(tx, "iris", m.IS_PROMPT_TAG, "TRUE")
        seen.append(is_prompt(tx))
        versions.set_tag(tx, "iris", "1", m.IS_PROMPT_TAG, "true")
        seen.append(is_prompt(tx))
        models.delete_tag(tx, "iris", m.IS_PROMPT_TAG)
        versions.set_tag(tx, "iris", "1", m.IS_PROMPT_TAG, "no")
        seen.append(is_prompt(tx))
        versions.set_tag(tx, "iris", "1", m.IS_PROMPT_TAG, "true")
        versions.delete_tag(tx, "iris", "1", m.IS_PROMPT_TAG)
        versions.delete_tag(tx, "iris", "1", "another")
        assert models.key_of(tx, "other").is_prompt
        return [*seen, is_prompt(tx)]

    seen = db.writer.submit(WS, work).result()

    assert seen == [(False, False), (True, False), (True, True), (False, False), (False, False)]
    with db.read(WS) as tx:
        key = models.key_of(tx, "iris")
        rows = tx.all("SELECT model_seq, uid FROM registered_models WHERE workspace_id = :ws AND name = 'iris'")
    assert rows == [(key.model_seq, key.uid)]


def test_the_tags_that_a_model_and_a_version_may_have() -> None:
    given = [m.GivenTag(key="a", value="1"), m.GivenTag(key="b"), m.GivenTag(key="a", value="2")]
    longest = "x" * m.MAX_TAG_VALUE

    assert m.check_model_tags(given) == m.check_version_tags(given) == {"a": "2", "b": ""}
    assert m.check_version_tag(m.PROMPT_TEXT_TAG, longest) == (m.PROMPT_TEXT_TAG, longest)
    assert m.check_model_tag("k" * m.MAX_TAG_KEY, None) == ("k" * m.MAX_TAG_KEY, "")
    for check, message in (
        (lambda: m.check_model_tags([m.GivenTag()]), "Invalid value \"\" for parameter 'key' supplied"),
        (lambda: m.check_version_tags([m.GivenTag()]), "Invalid value \"\" for parameter 'key' supplied"),
        (lambda: m.check_model_tags([m.GivenTag(key="a")] * 1001), "'tags' has 1001 entries"),
        (lambda: m.check_version_tags([m.GivenTag(key="a")] * 1001), "'tags' has 1001 entries"),
        (lambda: m.check_model_tag("k" * (m.MAX_TAG_KEY + 1), ""), "'key' exceeds the maximum length of"),
        (lambda: m.check_model_tag("k", longest + "x"), "'value' exceeds the maximum length of"),
        (lambda: m.check_version_tag("k", longest + "x"), "'value' exceeds the maximum length of"),
        (lambda: m.check_version_tag(m.PROMPT_TEXT_TAG, longest + "x"), "Prompt text exceeds max length of"),
    ):
        with pytest.raises(Invalid) as caught:
            check()
        assert message in caught.value.message
