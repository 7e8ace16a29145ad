"""Puts together the log of changes and its readers: webhooks, mails, pages that are open."""

from trackside.app.base import Base, callers_for, rules
from trackside.core.http.routes import Route
from trackside.core.outgoing.guard import Guard
from trackside.core.settings import Settings
from trackside.core.work.loop import Loop
from trackside.events import live_routes as live
from trackside.events import routes as events
from trackside.events import store as change_log
from trackside.events.live import EVERY_S as LIVE_EVERY_S
from trackside.events.live import Hub
from trackside.monitoring.families import DELIVERY_KEY
from trackside.webhooks import mail
from trackside.webhooks import routes as webhook_routes
from trackside.webhooks.delivery import Post
from trackside.webhooks.mail import Mailer
from trackside.webhooks.worker import STEP_S, Courier

PRUNE_EVERY_S = 3600.0


def _mailer(settings: Settings) -> Mailer:
    """Return the sender of webhooks' mails; it refuses all if the operator configured no mail server."""
    wanted = settings.mail_server
    password = settings.mail_password.text if settings.mail_password else ""
    server = None
    if wanted is not None:
        server = mail.Server(
            wanted.host, wanted.port, wanted.tls, wanted.user, password, settings.mail_from, settings.mail_domains
        )
    return Mailer(server, settings.webhook_timeout_s)


def routes(base: Base) -> list[Route]:
    settings, db, meters = base.settings, base.db, base.meters
    closers = base.closers
    callers = callers_for("webhooks", closers)
    base.leavers.append(callers.leave)
    sealer = base.sealer
    post = Post(
        schemes=settings.webhook_schemes,
        timeout_s=settings.webhook_timeout_s,
        guard=Guard(rules(settings, opens_private=settings.allow_private_webhooks)),
        mailer=_mailer(settings),
    )
    courier = Courier(
        db, sealer, post, retries=settings.webhook_retries, why_not=base.gate.why_not, start=base.start_id
    )
    courier.count = lambda ws, result, count: meters.work.count((DELIVERY_KEY, ws, result), count)
    closers.append(courier.close)
    webhooks = Loop("webhooks", courier.step, STEP_S)
    closers.append(webhooks.close)
    closers.append(Loop("change-log", lambda: change_log.prune(db, settings.change_log_days), PRUNE_EVERY_S).close)
    hub = Hub(db)
    base.leavers.append(hub.end)
    pages = Loop("live", hub.step, LIVE_EVERY_S)
    closers.append(pages.close)
    base.wakers.extend([lambda _: webhooks.wake(), lambda _: pages.wake()])
    return [*webhook_routes.routes(db, sealer, post, courier, callers), *events.routes(db), *live.routes(hub)]
