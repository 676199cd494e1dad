"""The dashboard in a real browser: what people see, on desk and phone, with nothing leaving the house."""

import re
import shutil
import signal
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

pytest_plugins = ["dashboard_services"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
EXECUTABLE = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROBES = re.compile(r"/comparison/_stcore/(health|host-config)$")
"""On every page but the first Streamlit asks beside the page before it asks at the root."""
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def dashboard(filled_api, start_dashboard, tmp_path_factory):
    with start_dashboard(filled_api, tmp_path_factory.mktemp("dashboard") / "dashboard.log") as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser():
    if EXECUTABLE is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield started
        started.close()


@contextmanager
def opened(browser, address, path="/", *, width=1280, height=900, locale="de-DE", scheme="light"):
    """A page whose requests stay in the house and whose console stays silent."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    strangers, errors, missing = [], [], []
    local = (address, address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(local) else strangers.append(request.url))
    page.on("websocket", lambda socket: None if socket.url.startswith(local) else strangers.append(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)
    page.goto(address + path)
    yield page
    context.close()
    assert strangers == []
    assert [url for url in missing if not PROBES.search(url)] == []
    assert [text for text in errors if "404" not in text] == []


def drawn(page, charts):
    """Wait until all charts of the page are drawn and the script has ended."""
    expect(page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")).to_have_count(
        charts, timeout=PATIENCE_MS
    )
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_attached(timeout=PATIENCE_MS)


def heading(page, name):
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=PATIENCE_MS)


def test_a_german_browser_sees_the_decision_in_german_without_asking(browser, dashboard):
    with opened(browser, dashboard) as page:
        heading(page, "Entscheidung")
        drawn(page, 3)
        body = page.inner_text("body")
        assert "Offenes Modell mit LoRA: Llama 3.1 8B Instruct mit Dokumentensuche" in body
        assert "334.000 €" in body.replace("\N{NO-BREAK SPACE}", " ")
        assert "nicht bekannt" in body
        assert not re.search(r"\b(fine_tune|self_hosted|proprietary_api|status_quo|operations_staff)\w*", body)


def test_the_first_change_of_language_counts_and_stays_in_the_address(browser, dashboard):
    with opened(browser, dashboard) as page:
        heading(page, "Entscheidung")
        drawn(page, 3)
        page.get_by_role("combobox").first.click()
        page.get_by_role("option", name="English", exact=True).click()
        heading(page, "Decision")
        drawn(page, 3)
        assert "lang=en" in page.url
        assert "€334,000" in page.inner_text("body")


def test_the_chosen_assessment_stays_when_the_language_changes_and_is_in_the_address(browser, dashboard):
    with opened(browser, dashboard, "/?lang=en") as page:
        heading(page, "Decision")
        drawn(page, 3)
        box = page.get_by_role("combobox", name="Assessment")
        box.click()
        page.get_by_role("option", name=re.compile("Before measuring")).click()
        expect(page.get_by_text("No measurement went into this assessment")).to_be_visible(timeout=PATIENCE_MS)
        drawn(page, 3)
        chosen = re.search(r"assessment=([0-9a-f-]{36})", page.url)
        assert chosen, page.url
        page.get_by_role("combobox").first.click()
        page.get_by_role("option", name="Deutsch", exact=True).click()
        heading(page, "Entscheidung")
        expect(page.get_by_text("In diese Bewertung ging keine Messung ein.")).to_be_visible(timeout=PATIENCE_MS)
        assert chosen.group() in page.url and "lang=de" in page.url


def test_the_language_goes_along_to_the_other_page(browser, dashboard):
    with opened(browser, dashboard, "/?lang=en") as page:
        heading(page, "Decision")
        page.get_by_role("link", name="Comparison").click()
        heading(page, "Comparison")
        drawn(page, 1)
        body = page.inner_text("body")
        assert "Stand-in: a local server stands for a provider" in body
        assert "in-house is better" in body


def test_a_link_to_the_comparison_opens_it_in_its_language(browser, dashboard):
    with opened(browser, dashboard, "/comparison?lang=en") as page:
        heading(page, "Comparison")
        drawn(page, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/comparison"])
def test_a_phone_shows_the_page_without_scrolling_sideways(browser, dashboard, path, scheme):
    with opened(browser, dashboard, path, width=390, height=844, scheme=scheme) as page:
        drawn(page, 3 if path == "/" else 1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        widths = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stVegaLiteChart] canvas')].map(c => c.clientWidth)"
        )
        assert all(300 <= width <= 390 for width in widths)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_stops_cleanly(filled_api, start_dashboard, tmp_path, number):
    log = tmp_path / "dashboard.log"
    with start_dashboard(filled_api, log) as (_, process):
        process.send_signal(number)
        assert process.wait(30) == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")
