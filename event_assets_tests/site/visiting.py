"""A page that is open in a browser, as a visitor has it."""

from typing import Any

DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


class Visit:
    """A page that is open, with all that it has asked for and complained of."""

    def __init__(self, browser: Any, address: str, size: dict[str, int] = DESKTOP, scheme: str = "light"):
        # What axe runs is put into the page, which its policy forbids to others.
        self.context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.address = address

    def open(self, anchor: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#{anchor}")

    def texts(self, selector: str) -> list[str]:
        return [each.strip() for each in self.page.locator(selector).all_inner_texts()]

    def wait_for_view(self, title: str) -> None:
        """Wait until the view of this title is shown: the page follows its address a moment later."""
        self.page.locator(".current h2", has_text=title).first.wait_for()

    def wait_for_focus(self, column: str) -> None:
        """Wait until a column of the picture has the focus: the page follows its address a moment later."""
        self.page.wait_for_function("column => document.activeElement.dataset.column === column", arg=column)

    @property
    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.dataset.column ?? document.activeElement.textContent.trim()")

    @property
    def lines(self) -> set[tuple[str, str, str]]:
        """What is drawn: kind, from and to."""
        script = "all => all.map(each => [each.getAttribute('class'), each.dataset.from, each.dataset.to])"
        return {tuple(each) for each in self.page.eval_on_selector_all(".canvas path", script)}

    @property
    def faults(self) -> list[str]:
        """What keeps people from reading the page, as far as axe finds it."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")
        ]
