"""Every option of the server: its flags, default, description and parser.  `settings` combines the values."""

from trackside.core import locations, providers
from trackside.core import setting_values as values
from trackside.core.options.model import PREFIX, Option
from trackside.core.options.work import WORK
from trackside.core.seal import SecretKey
from trackside.core.setting_values import Secret

__all__ = ["NEAR_HOSTS", "OPTIONS", "PREFIX", "REFUSED_FLAGS", "REGISTRY_STORE", "SERVE_ARTIFACTS", "Option"]

# A page of another site cannot call a server by these: a browser that requests an address sends that address as the Host.
NEAR_HOSTS = (
    *("localhost", "127.*", "0.0.0.0", "[::1]"),  # noqa: S104  # a host name of requests, not an address to listen on
    *("10.*", "192.168.*", *(f"172.{second}.*" for second in range(16, 32)), "[fc*:*]", "[fd*:*]"),
)

# Listening, storage, and calls to other servers.
SERVICE: dict[str, Option] = {
    "host": Option(
        flags=("--host",),
        default="127.0.0.1",
        read=values.host,
        metavar="ADDRESS",
        help="address to listen on; an address beyond loopback needs an administrator or --allow-unauthenticated",
    ),
    "port": Option(
        flags=("--port", "-p"),
        default="5000",
        read=values.port,
        metavar="PORT",
        help="port to listen on; 0 chooses a free one",
    ),
    "data": Option(
        flags=("--data",),
        default="./trackside-data",
        read=values.folder,
        metavar="DIR",
        help="folder for the server's files; created if it is missing",
    ),
    "store": Option(
        flags=("--store", "--backend-store-uri"),
        default="",
        read=locations.store,
        metavar="URL",
        help="database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE; by default trackside.db in "
        "the data folder",
    ),
    "store_file": Option(
        flags=("--store-file",),
        default="",
        read=values.first_line,
        metavar="FILE",
        help="file with the URL of --store in one line, which keeps the password out of the process list",
    ),
    "artifacts": Option(
        flags=("--artifacts", "--artifacts-destination"),
        default="",
        read=locations.artifacts,
        metavar="URL",
        help="artifact store: a folder, s3://, gs:// or abfss://; by default a folder in the data folder",
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
        help="comma-separated folders and buckets in which workspaces may have their own artifact roots; by "
        "default none",
    ),
    "workers": Option(
        flags=("--workers", "-w"),
        default="1",
        read=values.workers,
        metavar="N",
        help="number of server processes; more than one needs PostgreSQL",
    ),
    "ui": Option(
        flags=("--ui",),
        default="trackside",
        read=values.one_of("trackside", "mlflow"),
        metavar="trackside|mlflow",
        help="web UI: Trackside's, or MLflow's from the mlflow package in the same environment",
    ),
    "durability": Option(
        flags=("--durability",),
        default="full",
        read=values.one_of("full", "relaxed"),
        metavar="full|relaxed",
        help="full: an acknowledged write survives a power failure; relaxed: a power failure may lose the last second",
    ),
    "allow_unauthenticated": Option(
        flags=("--allow-unauthenticated",),
        default="false",
        read=values.switch,
        is_switch=True,
        help="listen beyond loopback without users: everyone who reaches the port may read and write",
    ),
    "allowed_hosts": Option(
        flags=("--allowed-hosts",),
        default=",".join(NEAR_HOSTS),
        read=values.allowed_hosts,
        metavar="HOSTS",
        help="comma-separated host names by which clients may call the server, with * for any part; by default "
        "localhost, private addresses and the name of this machine",
    ),
    "cors_origins": Option(
        flags=("--cors-allowed-origins",),
        default="",
        read=values.cors_origins,
        metavar="ORIGINS",
        help="comma-separated web origins whose pages may write, in addition to those of the server and of localhost",
    ),
    "static_prefix": Option(
        flags=("--static-prefix",),
        default="",
        read=values.static_prefix,
        metavar="PATH",
        help="path prefix of all URLs of the server",
    ),
    "log_level": Option(
        flags=("--log-level",),
        default="warning",
        read=values.one_of("debug", "info", "warning", "error"),
        metavar="LEVEL",
        help="level of the server's log: debug, info, warning or error",
    ),
    "log_format": Option(
        flags=("--log-format",),
        default="text",
        read=values.one_of("text", "json"),
        metavar="FORMAT",
        help="format of the server's log: text, or json (one object per line, requests included)",
    ),
    "otlp_endpoint": Option(
        flags=("--otlp-endpoint",),
        default="",
        read=values.http_address,
        metavar="URL",
        mlflows="OTEL_EXPORTER_OTLP_ENDPOINT",
        help="OTLP/HTTP endpoint for traces of requests, such as http://127.0.0.1:4318; needs trackside[traces]; "
        "by default no traces are sent",
    ),
    "secret_key": Option(
        flags=("--secret-key",),
        default="",
        read=SecretKey,
        is_secret=True,
        mlflows="MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
        help="key that encrypts secrets, 32 random characters or more; by default the file secret.key in the "
        "data folder",
    ),
    "allow_private_webhooks": Option(
        flags=("--allow-private-webhooks",),
        default="false",
        read=values.switch,
        is_switch=True,
        mlflows="MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
        help="let webhooks call private and loopback addresses; cloud metadata addresses stay forbidden",
    ),
    "webhook_schemes": Option(
        flags=("--webhook-schemes",),
        default="https",
        read=values.schemes,
        metavar="SCHEMES",
        mlflows="MLFLOW_WEBHOOK_ALLOWED_SCHEMES",
        help="allowed URL schemes of webhooks: https, http or both",
    ),
    "webhook_timeout_s": Option(
        flags=("--webhook-timeout",),
        default="10",
        read=values.number(1, 300),
        metavar="SECONDS",
        mlflows="MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
        help="timeout of a webhook delivery",
    ),
    "webhook_retries": Option(
        flags=("--webhook-retries",),
        default="12",
        read=values.number(0, 50),
        metavar="N",
        mlflows="MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
        help="number of retries of a failed delivery, with exponential backoff; 12 retries take about an hour",
    ),
    "mail_server": Option(
        flags=("--mail-server",),
        default="",
        read=values.mail_server,
        metavar="URL",
        help="mail server for webhooks: smtp://USER@HOST:587 (STARTTLS if the server offers it), "
        "smtp+starttls://HOST (STARTTLS required) or smtps://HOST (TLS from the first byte); by default no "
        "mail is sent",
    ),
    "mail_password": Option(
        flags=("--mail-password",),
        default="",
        read=Secret,
        is_secret=True,
        help="password of USER at the mail server",
    ),
    "mail_from": Option(
        flags=("--mail-from",),
        default="",
        read=values.mail_address,
        metavar="ADDRESS",
        help="sender address of mails, such as trackside@example.org",
    ),
    "mail_domains": Option(
        flags=("--mail-domains",),
        default="",
        read=values.mail_domains,
        metavar="DOMAINS",
        help="comma-separated domains to which mails may be sent; by default any",
    ),
    "allowed_remotes": Option(
        flags=("--allowed-remotes",),
        default="",
        read=values.remotes,
        metavar="HOSTS",
        help="comma-separated hosts, addresses and networks that links, imports and webhooks may call although "
        "they are not public; a server on loopback may call all except cloud metadata addresses",
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
        help="compressed size up to which the spans of a trace stay in the database; larger ones move to the "
        "artifact store within a minute",
    ),
    "artifact_timeout_s": Option(
        flags=("--artifact-timeout",),
        default="60",
        read=values.number(1, 3600),
        metavar="SECONDS",
        help="timeout of one call of an artifact store; ten times as long for folders and checksums",
    ),
    "search_timeout_s": Option(
        flags=("--search-timeout",),
        default="30",
        read=values.number(1, 3600),
        metavar="SECONDS",
        help="time after which a read of the store, such as a search, is interrupted",
    ),
    "max_links": Option(
        flags=("--max-links",),
        default="100",
        read=values.number(0, 10_000),
        metavar="N",
        help="largest number of links in all workspaces; each link has a thread",
    ),
    "change_log_days": Option(
        flags=("--change-log-days",),
        default="365",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="retention of the change log (who did what, when); 0 keeps it without a limit",
    ),
}

# Access and certificates.
ACCESS: dict[str, Option] = {
    "tls": Option(
        flags=("--tls",),
        default="off",
        read=values.one_of("off", "self-signed"),
        metavar="WHICH",
        help="self-signed: create a certificate authority and a certificate in the data folder, and serve HTTPS",
    ),
    "tls_cert": Option(
        flags=("--tls-cert",),
        default="",
        read=values.file,
        metavar="FILE",
        help="certificate for HTTPS (PEM, with its chain); needs --tls-key",
    ),
    "tls_key": Option(
        flags=("--tls-key",), default="", read=values.file, metavar="FILE", help="private key of the certificate (PEM)"
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
        help="name of the administrator that the server creates at the start if it has no user and a password is given",
    ),
    "admin_password": Option(
        flags=("--admin-password",),
        default="",
        read=Secret,
        is_secret=True,
        help="password of that administrator",
    ),
    "admin_password_file": Option(
        flags=("--admin-password-file",),
        default="",
        read=values.plain,
        metavar="FILE",
        help="file with that password in its first line",
    ),
    "default_role": Option(
        flags=("--default-role",),
        default="reader",
        read=values.default_role,
        metavar="none|reader|creator|reader,creator",
        help="rights of every signed-in user in all workspaces: reader, creator (create experiments and models "
        "and manage one's own), both, or none",
    ),
    "oidc": Option(
        flags=("--oidc",),
        default="",
        read=providers.read,
        metavar="FILE",
        help="TOML file of identity providers, by which users sign in and which issue the JWTs of programs "
        "(docs/guides/single-sign-on.md)",
    ),
    "anonymous_read": Option(
        flags=("--anonymous-read",),
        default="false",
        read=values.switch,
        is_switch=True,
        help="let everyone who reaches the port read without signing in, although there are users",
    ),
    "max_token_days": Option(
        flags=("--max-token-days",),
        default="365",
        read=values.number(1, 3650),
        metavar="DAYS",
        help="longest lifetime of a token; a token without an expiry date lives at most 90 days",
    ),
    "session_days": Option(
        flags=("--session-days",),
        default="30",
        read=values.number(1, 365),
        metavar="DAYS",
        help="lifetime of a browser session; a session that is unused for a quarter of it ends too",
    ),
    "audit_days": Option(
        flags=("--audit-days",),
        default="0",
        read=values.number(0, 36500),
        metavar="DAYS",
        help="retention of the audit log; 0 keeps it without a limit",
    ),
}

OPTIONS: dict[str, Option] = {**SERVICE, **WORK, **ACCESS}

# Flags of MLflow's server that state what Trackside always does, or that must agree with another flag.
REGISTRY_STORE = "--registry-store-uri"
SERVE_ARTIFACTS = "--serve-artifacts"

# Other flags of MLflow's server, with the alternative.
REFUSED_FLAGS: dict[str, str] = {
    "--no-serve-artifacts": "Trackside always serves artifacts; clients that write to storage directly need "
    "--default-artifact-root with the URI of that storage",
    "--artifacts-only": "Trackside serves tracking and artifacts together; omit this flag",
    "--read-replica-backend-store-uri": "Trackside has one store; set it with --store",
    "--workspace-store-uri": "workspaces are in the store; set it with --store",
    "--enable-workspaces": "workspaces are always enabled; omit this flag",
    "--disable-workspaces": "workspaces are always enabled, and a call without a workspace uses the default one; omit "
    "this flag",
    "--disable-security-middleware": "the checks cannot be disabled; relax them with --allowed-hosts and "
    "--cors-allowed-origins",
    "--x-frame-options": "Trackside has no such setting; omit this flag",
    "--gunicorn-opts": "Trackside has its own server process; use --workers, --log-level",
    "--waitress-opts": "Trackside has its own server process; use --workers, --log-level",
    "--uvicorn-opts": "Trackside starts its server process by itself; use --workers, --log-level",
    "--dev": "Trackside has no development mode; --log-level debug shows more",
    "--expose-prometheus": "Trackside serves /metrics without a flag; omit this flag",
    "--app-name": "Trackside has no authentication plug-ins; omit this flag",
    "--trace-archival-config": "spans stay in the store; delete old ones with `trackside retention traces`; omit this "
    "flag",
    "--secrets-cache-ttl": "Trackside keeps no gateway secrets; omit this flag",
    "--secrets-cache-max-size": "Trackside keeps no gateway secrets; omit this flag",
}
