"""A mail server on loopback with answers chosen by the test."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from support.processes.ports import free_port


@dataclass
class Mailbox:
    """`recipient` and `data` give what the server answers to RCPT and to the mail; with `tls`, it offers STARTTLS."""

    recipient: Callable[[str], str] = lambda _: "250 OK"
    data: Callable[[], str] = lambda: "250 taken"
    tls: ssl.SSLContext | None = None
    needs_tls: bool = False
    logins: dict[bytes, bytes] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    def start(self) -> "Mailbox":
        self.port = free_port()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=self.tls,
            require_starttls=self.needs_tls,
            authenticator=self._authenticate,
            auth_required=self.needs_tls and bool(self.logins),
            auth_require_tls=self.tls is not None,
        )
        self._controller.start()
        return self

    def close(self) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        del server, session, options
        answer = self.recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # the same
        del server, session
        answer = self.data()
        if answer.startswith("250"):
            self.mails.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
        return answer

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        return AuthResult(success=self.logins.get(data.login) == data.password)
