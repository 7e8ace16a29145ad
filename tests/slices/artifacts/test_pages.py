"""HTML artifacts as pages for a frame of the web UI."""

import pytest

from support.client import Api

PAGE = "/api/trackside/v1/artifacts/page"
HTML = b"<h1>Report</h1><script>document.title = 'ran'</script>"


@pytest.fixture
def run_id(api: Api) -> str:
    made = api.new_run()
    path = api.run(made)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for name in ("report.html", "notes.txt"):
        api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/{name}", HTML)
    return made


def test_a_page_is_in_a_sandbox_without_network_access(api: Api, run_id: str) -> None:
    reply = api.ask("GET", PAGE, arguments={"run_id": run_id, "path": "report.html"})

    assert (reply.status, reply.body) == (200, HTML)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-disposition" not in reply.headers
    policy = reply.headers["content-security-policy"].split("; ")
    assert {"sandbox allow-scripts", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert "allow-same-origin" not in reply.headers["content-security-policy"]


def test_only_html_is_a_page(api: Api, run_id: str, subtests: pytest.Subtests) -> None:
    for path in ["notes.txt", "", "report.svg"]:
        with subtests.test(path=path):
            status, code, message = api.fault(PAGE, method="GET", run_id=run_id, path=path)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert ".html" in message


def test_a_page_that_does_not_exist_is_not_found(api: Api, run_id: str) -> None:
    assert api.fault(PAGE, method="GET", run_id=run_id, path="other.html")[0] == 404
