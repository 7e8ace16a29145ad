"""An identity provider on loopback, in a thread of the test: it signs valid or invalid tokens on request."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "trackside", "the client's secret"
AUDIENCE = "https://trackside.example"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class TestIssuer:
    """`claims` and `head` change what the next tokens say; `answer` replaces the answer of a path."""

    __test__ = False

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.head: dict[str, Any] = {}
        self.answer: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.key = new_key("first")
        self.signing = self.key
        self._codes: dict[str, dict[str, str]] = {}
        self._devices: dict[str, bool] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                issuer._serve(self, {})

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"])).decode()
                issuer._serve(self, {name: values[0] for name, values in parse_qs(raw).items()})

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def table(self, name: str = "company", **more: str) -> str:
        """The provider's table in the file of --oidc."""
        fields = {"issuer": self.url, "client_id": CLIENT, **more}
        return f"[{name}]\n" + "".join(f"{key} = {value}\n" if value in ("true", "false") else f"{key} = {value!r}\n"
                                       for key, value in fields.items())  # fmt: skip

    def approve(self, url: str, **claims: Any) -> dict[str, str]:
        """Return the arguments of the callback after a user's sign-in."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_hex(8)
        self._codes[code] = {**asked, "claims": json.dumps({"sub": "u-1", "preferred_username": "ana", **claims})}
        return {"code": code, "state": asked["state"], "iss": self.url}

    def approve_device(self) -> None:
        self._devices = dict.fromkeys(self._devices, True)

    def token(self, **claims: Any) -> str:
        """A program's token."""
        return self._signed({"aud": AUDIENCE, "sub": "repo:team/model", **claims})

    def rotate(self, kid: str) -> None:
        """From now on another key signs, and only that one is published."""
        self.key = self.signing = new_key(kid)

    def _serve(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        if path == "/authorize":  # a browser: the user approves at once
            asked = parse_qs(urlsplit(request.path).query)
            request.send_response(302)
            request.send_header("location", f"{asked['redirect_uri'][0]}?{urlencode(self.approve(request.path))}")
            request.send_header("content-length", "0")
            request.end_headers()
            return
        serve: Callable[[dict[str, str]], tuple[int, Any]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": lambda _: (200, {"keys": [self.key.as_dict(private=False)]}),
            "/token": lambda form: self._token(form, request.headers.get("authorization", "")),
            "/device": self._device,
        }[path]
        status, body = self.answer.get(path) or serve(form)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    def _discovery(self, form: dict[str, str]) -> tuple[int, Any]:
        del form
        return 200, {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
            "end_session_endpoint": f"{self.url}/end",
            "authorization_response_iss_parameter_supported": True,
        }

    def _device(self, form: dict[str, str]) -> tuple[int, Any]:
        assert form["client_id"] == CLIENT
        code = secrets.token_hex(8)
        self._devices[code] = False
        return 200, {"device_code": code, "user_code": "ABCD-EFGH", "verification_uri": f"{self.url}/activate",
                     "expires_in": 600, "interval": 1}  # fmt: skip

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        assert form["client_id"] == CLIENT
        assert authorization in ("", "Basic " + base64.b64encode(f"{CLIENT}:the+client%27s+secret".encode()).decode())
        if form["grant_type"] == DEVICE_GRANT:
            if form["device_code"] not in self._devices:
                return 400, {"error": "expired_token"}
            if not self._devices[form["device_code"]]:
                return 400, {"error": "authorization_pending"}
            return 200, {"id_token": self._signed({"aud": CLIENT, "sub": "u-1", "preferred_username": "ana"})}
        begun = self._codes.pop(form["code"], None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            begun is None
            or begun["code_challenge"] != verifier.decode()
            or begun["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        claims = {"aud": CLIENT, "nonce": begun["nonce"], "sid": "s-1", **json.loads(begun["claims"])}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._signed(claims)}

    def _signed(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        whole = {"iss": self.url, "iat": now, "exp": now + 300, **claims, **self.claims}
        head = {"alg": "ES256", "kid": self.signing.kid, **self.head}
        if head["alg"] == "none":
            return ".".join(_part(each) for each in (head, whole)) + "."
        return jwt.encode(head, {name: value for name, value in whole.items() if value is not None}, self.signing)


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def _part(each: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
