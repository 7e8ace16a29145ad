"""Jobs in the browser: started, watched, repeated and deleted; schedules created, changed, paused, deleted and restored."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from support.links import until
from support.processes.servers import Server

pytestmark = pytest.mark.slow

OURS = "/api/trackside/v1"


def test_a_workspace_without_jobs_explains_jobs(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/jobs")

    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    expect(page.get_by_text("A schedule queues a job")).to_be_visible()


def test_a_job_is_started_and_watched_to_its_end_and_deleted(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/jobs")
    page.get_by_role("button", name="New job").click()
    page.get_by_label("Kind").select_option("Empty the trash")
    page.get_by_label("older_than_days").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Empty the trash")
    expect(page.get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    expect(page.get_by_text('"older_than_days": 7')).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete permanently").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 job")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()


def test_a_new_job_names_the_fields_that_are_missing_and_shows_why_it_is_refused(
    server: Server, page: Page, console: list[str]
) -> None:
    page.goto(f"{server.url}/#/jobs")
    page.get_by_role("button", name="New job").click()
    form = page.get_by_role("dialog")
    start = form.get_by_role("button", name="Start")
    expect(start).to_have_accessible_description("Fill in: Kind")
    form.get_by_label("Kind").select_option("Score a table")
    expect(start).to_have_accessible_description("Fill in: model, input")
    form.get_by_label("model", exact=True).fill("models:/none/1")
    expect(start).to_have_accessible_description("Fill in: input")
    expect(start).to_be_disabled()
    form.get_by_label("input", exact=True).fill("/srv/in.parquet")
    expect(start).to_have_accessible_description("")
    form.get_by_text("other parameters").click()
    form.get_by_label("stream", exact=True).select_option("true")

    start.click()

    expect(form.get_by_role("alert")).to_be_in_viewport()
    console[:] = [said for said in console if "status of 40" not in said]  # the refusal


def test_the_section_of_other_parameters_stays_open_during_input(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/jobs")
    page.get_by_role("button", name="New job").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Kind").select_option("Score a table")
    form.get_by_text("other parameters").click()

    form.get_by_label("output", exact=True).fill("/srv/tables/out.parquet")

    expect(form.get_by_text("1 set")).to_be_visible()
    expect(form.get_by_label("env", exact=True)).to_be_visible()
    form.get_by_label("env", exact=True).select_option("local")
    form.get_by_label("input_format", exact=True).select_option("csv")
    expect(form.get_by_label("where", exact=True)).to_be_visible()


def test_a_schedule_is_created_changed_paused_deleted_and_restored(
    server: Server, page: Page, console: list[str]
) -> None:
    page.goto(f"{server.url}/#/jobs")
    page.get_by_role("button", name="New schedule").click()
    form = page.get_by_role("dialog")
    page.get_by_label("Kind").select_option("Empty the trash")
    form.get_by_label("Cron expression").fill("0 0 31 2 *")
    expect(form.get_by_role("alert")).to_contain_text("cron is '0 0 31 2 *', which never fires")
    form.get_by_label("Cron expression").fill("15 4 * * *")
    form.get_by_label("Time zone").fill("UTC")
    expect(form.get_by_role("listitem")).to_have_count(5)
    tomorrow = form.locator("li time").first.get_attribute("datetime")
    form.get_by_label("Name of the schedule").fill("a b")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("name is 'a b'")
    form.get_by_label("Name of the schedule").fill("tidy")
    form.get_by_role("button", name="Save").click()

    row = page.get_by_role("row").filter(has_text="tidy")
    expect(row).to_contain_text("15 4 * * * UTC")
    assert tomorrow
    when = datetime.fromisoformat(tomorrow)
    assert (when.hour, when.minute) == (4, 15)

    page.get_by_role("button", name="Change tidy").click()
    form.get_by_text("At an interval").click()
    form.get_by_label("Every").fill("6")
    form.get_by_label("Unit").select_option("hours")
    form.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("every 6 h")
    page.get_by_role("button", name="Pause tidy").click()
    expect(row).to_contain_text("Paused")
    page.get_by_role("button", name="Delete tidy").click()
    expect(form).to_contain_text("1 schedule")
    form.get_by_role("button", name="Delete permanently").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Paused")

    console[:] = [said for said in console if "status of 400" not in said]  # the refusals
    (kept,) = server.api.get(f"{OURS}/job-schedules")["schedules"]
    assert (kept["interval_s"], kept["is_paused"], kept["params"]["older_than_days"]) == (21_600, True, 30)


@pytest.mark.slow
def test_a_failed_job_shows_its_error_and_is_filtered_retried_and_scheduled(server: Server, page: Page) -> None:
    api = server.api
    params = {"model": "models:/none/1", "input": f"runs:/{api.new_run()}/missing.csv"}
    job_id = api.post(f"{OURS}/jobs", kind="retention", params={"keep_last": 1})["job"]["job_id"]
    path = f"{OURS}/jobs/{job_id}"
    until(lambda: api.get(path)["job"]["state"] == "succeeded", "the job to end")
    assert api.ask("POST", f"{OURS}/jobs", {"kind": "score", "params": params}).status == 404

    page.goto(f"{server.url}/#/jobs?state=failed")
    expect(page.get_by_role("heading", name="No job matches")).to_be_visible()
    page.get_by_label("State").select_option("Succeeded")
    page.get_by_role("link", name=re.compile("Retention")).click()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Schedule…").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("keep_last")).to_have_value("1")
    form.get_by_role("button", name="every hour").click()
    form.get_by_label("Name of the schedule").fill("keep-last")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="keep-last")).to_contain_text("0 * * * *")


def test_why_a_job_ended_is_told_in_the_language_of_the_page(server: Server, page: Page) -> None:
    api = server.api
    api.ask("PATCH", f"{OURS}/job-queue", {"is_paused": True})
    job_id = api.post(f"{OURS}/jobs", kind="empty-trash")["job"]["job_id"]
    api.post(f"{OURS}/jobs/{job_id}/cancel")
    page.add_init_script("localStorage.setItem('trackside.language', 'es')")

    page.goto(f"{server.url}/#/jobs/{job_id}")

    expect(page.get_by_role("alert")).to_have_text("El trabajo se canceló antes de empezar.")
    expect(page.get_by_text("The job was cancelled before it began.")).to_have_attribute("lang", "en")
    page.goto(f"{server.url}/#/jobs")
    expect(page.get_by_title("El trabajo se canceló antes de empezar.")).to_have_text("Cancelado")


def test_the_run_of_a_job_is_found_by_its_id_alone(server: Server, page: Page) -> None:
    run_id = server.api.new_run(server.api.new_experiment("vision"), run_name="calm-elk")

    page.goto(f"{server.url}/#/runs/{run_id}")

    expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")
    expect(page.get_by_role("link", name="vision").first).to_be_visible()
