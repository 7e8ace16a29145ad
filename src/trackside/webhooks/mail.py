"""Sends one mail by SMTP.

There is one time limit for all exchanges with the mail server.  A permanent refusal (a recipient that does not exist) is not
retried; other failures (busy, no connection, a wrong password that the operator corrects) are.
"""

import html
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate
from functools import cached_property
from typing import Literal
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.webhooks.answers import MAX_ERROR_CHARS, Answer

SCHEME = "mailto:"
MAX_RECIPIENTS = 50
MAX_ADDRESS = 254
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?P<domain>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)")
_ROW = re.compile(r"([A-Za-z_][A-Za-z0-9_ ]{0,40}): ?(.*)")
_PERMANENT = 500  # SMTP codes from here on are permanent failures


class Server(Struct, frozen=True):
    """The mail server.  `tls`: `implicit` from the first byte, `required` by STARTTLS, `offered`: by STARTTLS if the server
    supports it; without TLS no password is sent."""

    host: str
    port: int
    tls: Literal["implicit", "required", "offered"]
    user: str = ""
    password: str = ""
    sender: str = ""
    domains: tuple[str, ...] = ()  # allowed recipients' domains; empty: all


class Mail(Struct, frozen=True):
    """The mail that is stored for a delivery."""

    subject: str
    text: str


def recipients(url: str) -> list[str]:
    """Return the addresses of `mailto:ann@example.org,bo@example.org`.  Raise Invalid for a malformed address."""
    if not url.startswith(SCHEME):
        raise Invalid(
            f"the url of a webhook of format mail is {url[:100]!r}; it must be an address such as mailto:ann@example.org"
        )
    given = [each.strip() for each in unquote(url[len(SCHEME) :]).split(",")]
    for each in given:
        if len(each) > MAX_ADDRESS or not _ADDRESS.fullmatch(each) or ".." in each:
            raise Invalid(f"{each[:100]!r} is not a mail address; separate addresses in mailto: by commas")
    if len(given) > MAX_RECIPIENTS:
        raise Invalid(f"mailto: names {len(given)} addresses; at most {MAX_RECIPIENTS} are allowed")
    return list(dict.fromkeys(given))


class Mailer:
    """Sends mails; `server` is None if the operator configured none, and then each mail is refused."""

    def __init__(self, server: Server | None, timeout_s: float) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._open: set[smtplib.SMTP] = set()
        self._is_closed = False

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def check(self, url: str) -> None:
        """Raise Invalid for addresses that are not allowed."""
        to = recipients(url)
        if self._server is None:
            raise Invalid(
                "This server cannot send mail: the operator must start it with --mail-server and --mail-from."
            )
        domains = self._server.domains
        for each in to:
            domain = each.rpartition("@")[2].lower()
            if domains and domain not in domains:
                raise Invalid(f"{each[:100]!r}: mail is allowed only to {', '.join(domains)} (--mail-domains).")

    def send(self, url: str, kept: str, delivery_id: str, event: str) -> Answer:
        """Send the mail and return the outcome; never raises.  The status is an SMTP code."""
        try:
            self.check(url)
            assert self._server is not None
            return self._send(self._server, recipients(url), _message(self._server, url, kept, delivery_id, event))
        except Invalid as why:
            return Answer(error=f"not sent: {why}"[:MAX_ERROR_CHARS], is_refused=True)
        except smtplib.SMTPRecipientsRefused as fault:
            return _refused(fault.recipients)
        except smtplib.SMTPSenderRefused as fault:
            return _answer(fault.smtp_code, f"the mail server refuses the sender {fault.sender}: {_words(fault)}")
        except smtplib.SMTPAuthenticationError as fault:
            return Answer(error=_cut(f"the mail server refuses user or password: {_words(fault)}"))
        except smtplib.SMTPResponseException as fault:
            return _answer(fault.smtp_code, f"the mail server answered {fault.smtp_code}: {_words(fault)}")
        except TimeoutError:
            return self._late()
        except (smtplib.SMTPException, OSError, ValueError, UnicodeError) as fault:
            return Answer(error=_cut(f"{type(fault).__name__}: {fault}"))

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for each in self._open:
                _cut_off(each)

    def _send(self, server: Server, to: Sequence[str], message: EmailMessage) -> Answer:
        own_name = (
            server.sender.rpartition("@")[2].strip("> ") or "localhost"
        )  # otherwise smtplib resolves the local host name, which may hang
        client: smtplib.SMTP = (
            smtplib.SMTP_SSL(local_hostname=own_name, timeout=self._timeout_s, context=self._tls)
            if server.tls == "implicit"
            else smtplib.SMTP(local_hostname=own_name, timeout=self._timeout_s)
        )
        begun = time.monotonic()
        ender = threading.Timer(self._timeout_s, _cut_off, (client,))
        ender.daemon = True
        self._begin(client)
        ender.start()
        try:
            client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001  # whose certificate TLS asks for
            client.connect(server.host, server.port)
            self._greet(client, server)
            refused = client.send_message(message, to_addrs=list(to))
            with suppress(smtplib.SMTPException, OSError):  # the mail was accepted
                client.quit()
            skipped = ", ".join(sorted(refused))
            return Answer(status=250, error=_cut(f"the mail server refuses {skipped}") if skipped else "")
        except (smtplib.SMTPException, OSError):
            if time.monotonic() - begun >= self._timeout_s:
                return self._late()
            raise
        finally:
            ender.cancel()
            with self._lock:
                self._open.discard(client)
            client.close()

    def _greet(self, client: smtplib.SMTP, server: Server) -> None:
        client.ehlo_or_helo_if_needed()
        if server.tls != "implicit":
            if client.has_extn("starttls"):
                client.starttls(context=self._tls)
                client.ehlo()
            elif server.tls == "required":
                raise smtplib.SMTPNotSupportedError(
                    "the mail server does not offer STARTTLS, which --mail-server requires"
                )
            elif server.user:
                raise smtplib.SMTPNotSupportedError(
                    "the mail server does not offer STARTTLS, and the password is not sent without TLS"
                )
        if server.user:
            client.login(server.user, server.password)

    def _begin(self, client: smtplib.SMTP) -> None:
        with self._lock:
            if self._is_closed:
                raise OSError("the server is stopping")
            self._open.add(client)

    def _late(self) -> Answer:
        return Answer(error=f"the mail server did not accept the mail within {self._timeout_s:g} s")


def _message(server: Server, url: str, kept: str, delivery_id: str, event: str) -> EmailMessage:
    mail = msgspec.json.decode(kept, type=Mail)
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = server.sender
    message["To"] = ", ".join(recipients(url))
    message["Subject"] = _one_line(mail.subject)[:200]
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{delivery_id}@{server.sender.rpartition('@')[2].strip('> ') or 'trackside'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Trackside-Event"] = event
    message.set_content(mail.text)
    message.add_alternative(_html(mail.text), subtype="html")
    return message


def _html(text: str) -> str:
    """Return the text as an HTML page without links, pictures or scripts: lines of `Name: value` become a table, others
    paragraphs."""
    parts = []
    for block in text.strip().split("\n\n"):
        rows = [_ROW.fullmatch(line) for line in block.splitlines()]
        if len(rows) > 1 and all(rows):
            cells = "".join(
                f"<tr><th align=left>{html.escape(row[1])}</th><td>{html.escape(row[2])}</td></tr>\n"
                for row in rows
                if row
            )
            parts.append(f"<table cellpadding=4>\n{cells}</table>")
        else:
            parts += [f"<p>{html.escape(line)}</p>" for line in block.splitlines()]
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"></head>\n<body>\n{body}\n</body></html>\n'


def _one_line(text: str) -> str:
    """Return the text without line breaks and control characters, which would begin another header."""
    return "".join(char if char.isprintable() else " " for char in text)


def _refused(recipients_: dict[str, tuple[int, bytes]]) -> Answer:
    code = min(code for code, _ in recipients_.values())
    words = "; ".join(f"{each}: {code} {said.decode('utf-8', 'replace')}" for each, (code, said) in recipients_.items())
    return _answer(code, f"the mail server refuses {words}")


def _answer(code: int, error: str) -> Answer:
    return Answer(error=_cut(error), is_refused=code >= _PERMANENT)


def _words(fault: smtplib.SMTPResponseException) -> str:
    said = fault.smtp_error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _cut(text: str) -> str:
    return _one_line(text)[:MAX_ERROR_CHARS]


def _cut_off(client: smtplib.SMTP) -> None:
    sock = client.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(2)
