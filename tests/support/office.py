"""A courier of webhooks with a clock of the test, and helpers for it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.receiver import Received
from trackside.core.outgoing.addresses import Rules
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.events import store
from trackside.registry import models
from trackside.webhooks import deliveries, subscriptions
from trackside.webhooks.delivery import Post
from trackside.webhooks.envelopes import Format
from trackside.webhooks.mail import Mailer, Server
from trackside.webhooks.model import Delivery, State, Webhook
from trackside.webhooks.worker import Courier

MODEL = "registered_model.created"


@dataclass
class Office:
    """A courier without its clock: `step` is called by the test."""

    db: Any
    folder: Path
    timeout_s: float = 5.0
    retries: int = 2
    couriers: list[Courier] = field(default_factory=list)
    mail: Server | None = None  # where mails are handed over
    now_ms: int | None = None  # for muted times; None: by the clock

    def __post_init__(self) -> None:
        store.register(self.db, "webhooks")  # as a courier does when the server starts

    @property
    def sealer(self) -> Sealer:
        return Sealer(None, self.folder / "secret.key")

    def courier(self, *, allow_private: bool = True) -> Courier:
        post = Post(
            schemes=("http", "https"),
            timeout_s=self.timeout_s,
            guard=Guard(Rules(opens_private=allow_private)),
            mailer=Mailer(self.mail, self.timeout_s),
        )
        made = Courier(self.db, self.sealer, post, retries=self.retries, clock=self.clock)
        self.couriers.append(made)
        return made

    def clock(self) -> int:
        return time.time_ns() // 1_000_000 if self.now_ms is None else self.now_ms

    def subscribe(
        self, url: str, *events: str, ws: int = 1, secret: str = "", form: Format = Format.MLFLOW, **more: Any
    ) -> Webhook:
        with self.db.write(ws) as tx:
            return subscriptions.create(
                tx, self.sealer, name="w", url=url, events=events or (MODEL,), secret=secret, form=form, **more
            )

    def change(self, webhook: Webhook, **fields: Any) -> None:
        with self.db.write(1) as tx:
            subscriptions.update(tx, self.sealer, webhook.webhook_id, subscriptions.Patch(**fields))

    def found(self, webhook: Webhook) -> Webhook:
        with self.db.read(1) as tx:
            return subscriptions.get(tx, webhook.webhook_id)

    def happen(self, *names: str, ws: int = 1) -> None:
        """A registered model is made of each name."""
        for name in names:
            with self.db.write(ws) as tx:
                models.create(tx, name, {}, "")

    def step(self, courier: Courier | None = None) -> None:
        """Until nothing is to be done now."""
        chosen = courier or (self.couriers[0] if self.couriers else self.courier())
        while chosen.step():
            pass
        chosen.wait()

    def later(self) -> None:
        """The pauses are over."""
        with self.db.write(1) as tx:
            tx.run("UPDATE webhook_deliveries SET next_attempt_at = 0 WHERE workspace_id = :ws")

    def sent(self, webhook: Webhook) -> list[Delivery]:
        """The oldest first."""
        with self.db.read(1) as tx:
            return deliveries.page(tx, webhook.webhook_seq, states=list(State), before=None, limit=1000)[::-1]

    def states(self, webhook: Webhook) -> list[tuple[str, int]]:
        return [(each.state, each.attempts) for each in self.sent(webhook)]


def names(received: list[Received]) -> list[str]:
    return [each.json["data"]["name"] for each in received]
