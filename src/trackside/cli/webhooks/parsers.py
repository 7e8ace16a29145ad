"""The parsers of `trackside webhook`; the commands are in `commands`."""

import argparse
from typing import Any

from trackside.cli.parsers import add_call, add_group

# Those of `webhooks.envelopes` and `webhooks.model`, which need the packages of the server.
FORMATS = ("mlflow", "cloudevents", "cloudevents-binary", "eventgrid", "slack", "teams", "mail")
STATES = ("pending", "delivered", "dead")
MODULE = "trackside.cli.webhooks.commands"


def add_commands(commands: Any) -> None:
    inner = add_group(
        commands,
        "webhook",
        "send events of a workspace to a URL or mail addresses",
        "Manage webhooks and their deliveries.",
    )
    create = add_call(inner, "create", "create a webhook", MODULE, named="NAME")
    create.add_argument(
        "--url", required=True, metavar="URL", help="address: https://HOST/PATH, or mailto:ADDRESS,ADDRESS"
    )
    _add_fields(create)
    create.add_argument("--disabled", action="store_true", help="create it disabled")
    add_call(inner, "list", "list the webhooks of a workspace with their deliveries", MODULE, shows=True)
    add_call(inner, "show", "show a webhook", MODULE, named="WEBHOOK", shows=True)
    update = add_call(inner, "update", "change the given values of a webhook", MODULE, named="WEBHOOK")
    update.add_argument("--name", dest="new_name", metavar="NAME", help="its new name")
    update.add_argument("--url", metavar="URL", help="address: https://HOST/PATH, or mailto:ADDRESS,ADDRESS")
    _add_fields(update)
    _add_removals(update)
    test = add_call(
        inner, "test", "send an example of an event, and show the receiver's answer", MODULE, named="WEBHOOK"
    )
    test.add_argument("--event", metavar="EVENT", help="event, such as run.failed (default: the webhook's first event)")
    sent = add_call(inner, "deliveries", "list the deliveries of a webhook", MODULE, named="WEBHOOK", shows=True)
    sent.add_argument("--state", choices=STATES, help="only deliveries in this state")
    sent.add_argument("--max", type=int, metavar="N", help="maximum number, the newest first (default 50)")
    delivery = add_call(inner, "delivery", "show a delivery with its body", MODULE, named="WEBHOOK", shows=True)
    delivery.add_argument("delivery", metavar="DELIVERY", help="its id, which `trackside webhook deliveries` shows")
    again = add_call(inner, "redeliver", "send deliveries again", MODULE, named="WEBHOOK")
    again.add_argument(
        "delivery", nargs="?", metavar="DELIVERY", help="its id (default: all deliveries that were given up)"
    )
    add_call(inner, "delete", "remove a webhook with its deliveries", MODULE, named="WEBHOOK")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--event", nargs="+", dest="events", metavar="EVENT", help="events, such as run.failed alert.fired"
    )
    parser.add_argument("--description", metavar="TEXT", help="description")
    parser.add_argument("--format", choices=FORMATS, help="format of the messages (default mlflow)")
    parser.add_argument("--digest", type=int, metavar="SECONDS", help="collect events for this time into one message")
    parser.add_argument(
        "--secret-file",
        metavar="FILE",
        help="file with the secret that signs deliveries; - reads it from standard input",
    )
    sign_in = parser.add_mutually_exclusive_group()
    sign_in.add_argument(
        "--username", metavar="NAME", help="for a receiver with basic authentication; prompts for the password"
    )
    sign_in.add_argument(
        "--authorization-file",
        metavar="FILE",
        help="file with the value of the header Authorization; - reads it from standard input",
    )
    parser.add_argument(
        "--mute-until", metavar="TIME", help="delay messages until this time, such as 2027-01-31T08:00:00Z"
    )
    parser.add_argument(
        "--mute-weekly",
        nargs="+",
        metavar="DAYS=FROM-TO",
        help="delay messages each week in these times, such as sat,sun=00:00-23:59; without DAYS: each day",
    )
    parser.add_argument(
        "--timezone", metavar="NAME", help="time zone of --mute-weekly, such as Europe/Berlin (default UTC)"
    )


def _add_removals(parser: argparse.ArgumentParser) -> None:
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--enable", action="store_true", help="enable the webhook for events from now on")
    switch.add_argument("--disable", action="store_true", help="disable the webhook; queued deliveries wait")
    parser.add_argument("--unmute", action="store_true", help="remove the muted times")
    parser.add_argument("--no-secret", action="store_true", help="stop signing deliveries")
    parser.add_argument("--no-sign-in", action="store_true", help="stop sending the header Authorization")
