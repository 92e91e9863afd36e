"""What the pages of docs/ say of other pages and of commands is there: every link leads to a file and a heading, every command has its options."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def headings(page: Path) -> set[str]:
    """As GitHub names them, and those that the page names itself."""
    text = page.read_text()
    named = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    return named | set(re.findall(r'id="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        file, _, heading = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = page.parent / file if file else page
        assert target.exists(), link
        assert heading == "" or heading in headings(target), link


def commands(text: str) -> list[str]:
    """`smelt ...` in a sentence, and the lines of the blocks of a shell: up to what follows in the shell."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = re.findall(r"`(smelt [a-z][^`\n]*)`", text) + [part for line in lines for part in re.findall(r"(?:^|&& |[$] |[$][(]|-- |exec smelt )(smelt [a-z][^|&;()]*)", line)]
    return [re.sub(r"\s#.*|'[^']*'|\"[^\"]*\"", "", one) for one in found]


def test_every_command_has_the_options_that_pages_name(binary: Path) -> None:
    known: dict[str, str] = {}
    for page in PAGES:
        for command in commands(page.read_text()):
            name = command.split()[1].rstrip(".,:")
            if name not in known:
                shown = subprocess.run([binary, name, "--help"], capture_output=True, text=True)
                known[name] = shown.stdout if shown.returncode == 0 else ""
            options = set(OPTION.findall(command))
            if options:
                assert options <= set(OPTION.findall(known[name])), (page.name, command)
