"""Every option of the server: its flags, default, description and parser.  `settings` combines the values."""

from trackside.core import locations, providers
from trackside.core import setting_values as values
from trackside.core.options.model import PREFIX, Option
from trackside.core.options.work import WORK
from trackside.core.seal import SecretKey
from trackside.core.setting_values import Secret

__all__ = ["NEAR_HOSTS", "OPTIONS", "PREFIX", "REFUSED_FLAGS", "REGISTRY_STORE", "SERVE_ARTIFACTS", "Option"]

# By these no foreign page can call a server: a browser that asks for an address sends just that as the Host.
NEAR_HOSTS = (
    *("localhost", "127.*", "0.0.0.0", "[::1]"),  # noqa: S104  # not what is listened on
    *("10.*", "192.168.*", *(f"172.{second}.*" for second in range(16, 32)), "[fc*:*]", "[fd*:*]"),
)

# Where the server listens, what it keeps and whom it calls.
SERVICE: dict[str, Option] = {
    "host": Option(
        flags=("--host",),
        default="127.0.0.1",
        read=values.host,
        metavar="ADDRESS",
        help="address to listen on; beyond loopback needs an administrator, or --allow-unauthenticated",
    ),
    "port": Option(
        flags=("--port", "-p"),
        default="5000",
        read=values.port,
        metavar="PORT",
        help="port to listen on; 0 takes a free one",
    ),
    "data": Option(
        flags=("--data",),
        default="./trackside-data",
        read=values.folder,
        metavar="DIR",
        help="folder of the server's own files; made if it is missing",
    ),
    "store": Option(
        flags=("--store", "--backend-store-uri"),
        default="",
        read=locations.store,
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE; left out: trackside.db in the data folder",
    ),
    "store_file": Option(
        flags=("--store-file",),
        default="",
        read=values.first_line,
        metavar="FILE",
        help="file that holds the URL of --store in one line: so no list of processes shows its password",
    ),
    "artifacts": Option(
        flags=("--artifacts", "--artifacts-destination"),
        default="",
        read=locations.artifacts,
        metavar="URL",
        help="where artifacts are kept: a folder, s3://, gs:// or abfss://; left out: a folder in the data folder",
    ),
    "default_artifact_root": Option(
        flags=("--default-artifact-root",),
        default="mlflow-artifacts:/",
        read=locations.artifact_root,
        metavar="URI",
        help="artifact root of new experiments; by default clients send artifacts through the server",
    ),
    "allowed_artifact_roots": Option(
        flags=("--allowed-artifact-roots",),
        default="",
        read=values.artifact_roots,
        metavar="PLACES",
        help="comma-separated folders and buckets below which workspaces may have separate artifact roots; "
        "left out: none",
    ),
    "workers": Option(
        flags=("--workers", "-w"),
        default="1",
        read=values.workers,
        metavar="N",
        help="processes that serve; more than one needs PostgreSQL",
    ),
    "ui": Option(
        flags=("--ui",),
        default="trackside",
        read=values.one_of("trackside", "mlflow"),
        metavar="trackside|mlflow",
        help="which web UI is served: Trackside's, or that of the mlflow that is installed beside it",
    ),
    "durability": Option(
        flags=("--durability",),
        default="full",
        read=values.one_of("full", "relaxed"),
        metavar="full|relaxed",
        help="full: an answered write survives a power cut; relaxed: a power cut may take the last second",
    ),
    "allow_unauthenticated": Option(
        flags=("--allow-unauthenticated",),
        default="false",
        read=values.switch,
        is_switch=True,
        help="listen beyond loopback although there are no users, and everyone who reaches the port may read and write",
    ),
    "allowed_hosts": Option(
        flags=("--allowed-hosts",),
        default=",".join(NEAR_HOSTS),
        read=values.allowed_hosts,
        metavar="HOSTS",
        help="comma-separated host names by which clients may call the server, * for any part; "
        "left out: localhost, private addresses and this machine's name",
    ),
    "cors_origins": Option(
        flags=("--cors-allowed-origins",),
        default="",
        read=values.cors_origins,
        metavar="ORIGINS",
        help="comma-separated web origins whose pages may write, in addition to the server's own and localhost's",
    ),
    "static_prefix": Option(
        flags=("--static-prefix",),
        default="",
        read=values.static_prefix,
        metavar="PATH",
        help="path that everything is served below",
    ),
    "log_level": Option(
        flags=("--log-level",),
        default="warning",
        read=values.one_of("debug", "info", "warning", "error"),
        metavar="LEVEL",
        help="debug, info, warning or error",
    ),
    "log_format": Option(
        flags=("--log-format",),
        default="text",
        read=values.one_of("text", "json"),
        metavar="FORMAT",
        help="how the server's log is written: text, or json (one object a line; requests too)",
    ),
    "otlp_endpoint": Option(
        flags=("--otlp-endpoint",),
        default="",
        read=values.http_address,
        metavar="URL",
        mlflows="OTEL_EXPORTER_OTLP_ENDPOINT",
        help="where traces of requests are sent by OTLP over HTTP, such as http://127.0.0.1:4318; needs trackside[traces];"
        " left out: no traces are made",
    ),
    "secret_key": Option(
        flags=("--secret-key",),
        default="",
        read=SecretKey,
        is_secret=True,
        mlflows="MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
        help="32 random characters or more that secrets are sealed with; left out: the file secret.key in the data folder",
    ),
    "allow_private_webhooks": Option(
        flags=("--allow-private-webhooks",),
        default="false",
        read=values.switch,
        is_switch=True,
        mlflows="MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
        help="let webhooks call private and loopback addresses; those of cloud metadata stay forbidden",
    ),
    "webhook_schemes": Option(
        flags=("--webhook-schemes",),
        default="https",
        read=values.schemes,
        metavar="SCHEMES",
        mlflows="MLFLOW_WEBHOOK_ALLOWED_SCHEMES",
        help="what a webhook's URL may begin with: https, http or both",
    ),
    "webhook_timeout_s": Option(
        flags=("--webhook-timeout",),
        default="10",
        read=values.number(1, 300),
        metavar="SECONDS",
        mlflows="MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
        help="how long a webhook's receiver may take to answer",
    ),
    "webhook_retries": Option(
        flags=("--webhook-retries",),
        default="12",
        read=values.number(0, 50),
        metavar="N",
        mlflows="MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
        help="how often a delivery that failed is tried again, after longer and longer pauses; 12 take about an hour",
    ),
    "mail_server": Option(
        flags=("--mail-server",),
        default="",
        read=values.mail_server,
        metavar="URL",
        help="mail server for webhooks: smtp://USER@HOST:587 (STARTTLS where the server offers it),"
        " smtp+starttls://HOST (never without), smtps://HOST (TLS from the first byte); left out: no mail is sent",
    ),
    "mail_password": Option(
        flags=("--mail-password",),
        default="",
        read=Secret,
        is_secret=True,
        help="the password of the mail server's USER",
    ),
    "mail_from": Option(
        flags=("--mail-from",),
        default="",
        read=values.mail_address,
        metavar="ADDRESS",
        help="whom mails come from, such as trackside@example.org",
    ),
    "mail_domains": Option(
        flags=("--mail-domains",),
        default="",
        read=values.mail_domains,
        metavar="DOMAINS",
        help="comma-separated domains that mails may go to; left out: any",
    ),
    "allowed_remotes": Option(
        flags=("--allowed-remotes",),
        default="",
        read=values.remotes,
        metavar="HOSTS",
        help="comma-separated hosts, addresses and networks that links, imports and webhooks may call although they"
        " are not public; a server on loopback may call all but those of cloud metadata",
    ),
    "model_prices": Option(
        flags=("--model-prices",),
        default="",
        read=values.model_prices,
        metavar="FILE",
        help="JSON file with prices of language models, for the costs of traces; they override the built-in prices",
    ),
    "trace_inline_kib": Option(
        flags=("--trace-inline-kib",),
        default="1024",
        read=values.number(64, 999_999_999),
        metavar="KIB",
        help="how much of the compressed spans of one trace stays in the database; more moves to the artifact store, within a"
        " minute after it was stored",
    ),
    "artifact_timeout_s": Option(
        flags=("--artifact-timeout",),
        default="60",
        read=values.number(1, 3600),
        metavar="SECONDS",
        help="how long one call of an artifact store may take; folders and checksums may take ten times as long",
    ),
    "search_timeout_s": Option(
        flags=("--search-timeout",),
        default="30",
        read=values.number(1, 3600),
        metavar="SECONDS",
        help="how long a read of the store, such as a search, may take until it is interrupted",
    ),
    "max_links": Option(
        flags=("--max-links",),
        default="100",
        read=values.number(0, 10_000),
        metavar="N",
        help="how many links the server keeps in all workspaces together; each has a thread",
    ),
    "change_log_days": Option(
        flags=("--change-log-days",),
        default="365",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="how long the log of changes (who did what, when) is kept; 0 keeps it without a limit",
    ),
}

# Who is let in, and certificates.
ACCESS: dict[str, Option] = {
    "tls": Option(
        flags=("--tls",),
        default="off",
        read=values.one_of("off", "self-signed"),
        metavar="WHICH",
        help="`self-signed`: make an authority and a certificate in the data folder, and serve HTTPS with it",
    ),
    "tls_cert": Option(
        flags=("--tls-cert",),
        default="",
        read=values.file,
        metavar="FILE",
        help="serve HTTPS with this certificate (PEM, with its chain); needs --tls-key",
    ),
    "tls_key": Option(
        flags=("--tls-key",), default="", read=values.file, metavar="FILE", help="the certificate's private key (PEM)"
    ),
    "trusted_proxies": Option(
        flags=("--trusted-proxies",),
        default="",
        read=values.networks,
        metavar="ADDRESSES",
        help="comma-separated addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted",
    ),
    "admin_username": Option(
        flags=("--admin-username",),
        default="admin",
        read=values.plain,
        metavar="NAME",
        help="the administrator that is made at a start without any user, if a password is given for one",
    ),
    "admin_password": Option(
        flags=("--admin-password",),
        default="",
        read=Secret,
        is_secret=True,
        help="the password of that administrator",
    ),
    "admin_password_file": Option(
        flags=("--admin-password-file",),
        default="",
        read=values.plain,
        metavar="FILE",
        help="a file with that password in its first line",
    ),
    "default_role": Option(
        flags=("--default-role",),
        default="reader",
        read=values.default_role,
        metavar="none|reader|creator|reader,creator",
        help="rights of every signed-in user everywhere: read, create experiments and models and manage their own, both,"
        " or nothing",
    ),
    "oidc": Option(
        flags=("--oidc",),
        default="",
        read=providers.read,
        metavar="FILE",
        help="TOML file of the identity providers by which users sign in and whose JWTs programs send"
        " (docs/guides/single-sign-on.md)",
    ),
    "anonymous_read": Option(
        flags=("--anonymous-read",),
        default="false",
        read=values.switch,
        is_switch=True,
        help="let everyone who reaches the port read without a sign-in, although there are users",
    ),
    "max_token_days": Option(
        flags=("--max-token-days",),
        default="365",
        read=values.number(1, 3650),
        metavar="DAYS",
        help="how long a token may live; one that names no expiry lives 90 days at most",
    ),
    "session_days": Option(
        flags=("--session-days",),
        default="30",
        read=values.number(1, 365),
        metavar="DAYS",
        help="how long a browser stays signed in; a quarter of it without a visit ends the session too",
    ),
    "audit_days": Option(
        flags=("--audit-days",),
        default="0",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="how long the audit log is kept; 0 keeps it without a limit",
    ),
}

OPTIONS: dict[str, Option] = {**SERVICE, **WORK, **ACCESS}

# MLflow's flags that state what is always so here, or that must agree with another one.
REGISTRY_STORE = "--registry-store-uri"
SERVE_ARTIFACTS = "--serve-artifacts"

# MLflow's other flags, and what to do instead.
REFUSED_FLAGS: dict[str, str] = {
    "--no-serve-artifacts": "Trackside always serves artifacts; clients that write to storage directly need "
    "--default-artifact-root with the URI of that storage",
    "--artifacts-only": "Trackside serves tracking and artifacts together; leave it out",
    "--read-replica-backend-store-uri": "Trackside reads from its one store; give that with --store",
    "--workspace-store-uri": "workspaces are kept in the store; give that with --store",
    "--enable-workspaces": "workspaces are always on; leave it out",
    "--disable-workspaces": "workspaces are always on, and a caller that names none works in the default one; leave it out",
    "--disable-security-middleware": "the checks stay on; widen them with --allowed-hosts and --cors-allowed-origins",
    "--x-frame-options": "Trackside has no such setting; leave it out",
    "--gunicorn-opts": "Trackside has its own server process; use --workers, --log-level",
    "--waitress-opts": "Trackside has its own server process; use --workers, --log-level",
    "--uvicorn-opts": "Trackside starts its server process by itself; use --workers, --log-level",
    "--dev": "Trackside has no development mode; --log-level debug shows more",
    "--expose-prometheus": "Trackside has no such setting; leave it out",
    "--app-name": "Trackside has no authentication plug-ins; leave it out",
    "--trace-archival-config": "spans stay in the store; trackside retention traces deletes old ones; leave it out",
    "--secrets-cache-ttl": "Trackside keeps no gateway secrets; leave it out",
    "--secrets-cache-max-size": "Trackside keeps no gateway secrets; leave it out",
}
