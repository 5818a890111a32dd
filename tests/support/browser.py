"""A real browser without a window, for pages that are opened from disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import axe_selenium_python
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

__all__ = ["Browser", "browser"]

_WORDS = (
    "--headless",
    "--no-sandbox",  # root can't have one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_AXE = Path(axe_selenium_python.__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_CHECK = "const done = arguments[0]; axe.run().then((found) => done(JSON.stringify(found.violations)));"


class Browser:
    """One window. `driver` is Selenium's."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int = 1280) -> None:
        """Open a page, in a window of that width in pixels."""
        self.driver.set_window_size(width, 1000)
        self.driver.get("about:blank")
        self.driver.get(page.as_uri())

    def run(self, script: str) -> Any:
        """The value of an expression of JavaScript; it may be a promise."""
        return self.driver.execute_async_script(
            f"Promise.resolve({script}).then(arguments[0], (why) => arguments[0](String(why)))"
        )

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, 20 seconds at most. Raises AssertionError."""
        waiting = (
            f"new Promise((done) => {{ const end = performance.now() + 20000; const look = () =>"
            f" ({condition}) ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20);"
            " look(); })"
        )
        assert self.run(waiting) is True, condition

    def complaints(self) -> list[str]:
        """What the page wrote to the console, and its errors, since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def barriers(self) -> list[str]:
        """What axe-core finds that keeps people from using the page: the rule, and the first place."""
        self.driver.execute_script(_AXE.read_text())
        found = json.loads(self.driver.execute_async_script(_CHECK))
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@contextmanager
def browser() -> Iterator[Browser]:
    """A new browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    assert all(programs), "whoever opens a browser has the marker needs('chromium')"
    options.binary_location = programs[0] or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for word in (*_WORDS, f"--user-data-dir={profile}"):
            options.add_argument(word)
        driver = webdriver.Chrome(options=options, service=Service(programs[1]))
        driver.set_script_timeout(120)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
