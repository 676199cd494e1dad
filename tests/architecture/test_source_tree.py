"""What holds for the tree as a whole: documents that tell the truth, no addresses of machines, no stray constants."""

import ast
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "METHODOLOGY.md", "data/README.md"]
ROOMS = "advisor|trainer|serving|dashboards|tests|data|deploy|\\.ci"
NAMED_PATH = re.compile(rf"(?<![\w./~-])((?:{ROOMS})/[\w./*-]*)")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
BARE_FILE = re.compile(r"`([\w.-]+\.(?:md|toml)|Makefile|Dockerfile|docker-compose\.yml|constraints\.txt)`")

REGISTRIES = [
    f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs", "proxy.golang", "download.pytorch", "deb.debian")
]
MACHINE_PATH = re.compile(r"(?<![\w.)}<>-])/(?:root|work|opt|home|Users)/\w")


def is_made(name: str) -> bool:
    """Whether a file or folder of this name is an output, not part of the source."""
    return name in {"runs", "build", "dist", "htmlcov", "__pycache__"} or (name.startswith(".") and name != ".ci")


def text_files() -> dict[str, str]:
    """Path to content of every text file that is, or would be, under version control."""
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not any(map(is_made, path.relative_to(ROOT).parts))]
    texts = {}
    for path in paths:
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                texts[path.relative_to(ROOT).as_posix()] = content.decode("utf-8", errors="replace")
    return texts


def paths_named_in(text: str) -> set[str]:
    """Paths of the project that a document names in prose, code or links."""
    named = {match.rstrip(".") for match in NAMED_PATH.findall(text)}
    return named | set(LINK.findall(text)) | set(BARE_FILE.findall(text))


def exists(name: str, beside: Path) -> bool:
    """Whether a path, or a pattern with `*`, leads somewhere from the root or from the document's folder."""
    return any(next(base.glob(name.rstrip("/")), None) is not None for base in (ROOT, beside))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_named_in_a_document_exist(document):
    path = ROOT / document
    missing = sorted(name for name in paths_named_in(path.read_text(encoding="utf-8")) if not exists(name, path.parent))
    assert not missing, f"{document} names what is not there: {missing}"


def test_the_reader_of_documents_finds_paths_in_prose_code_and_links():
    text = "See `data/grids.csv`, advisor/core/ and [how](docs/x.md), not https://a.example/data/y or `CHANGELOG.md`."
    assert paths_named_in(text) == {"data/grids.csv", "advisor/core/", "docs/x.md", "CHANGELOG.md"}
    assert exists("advisor/core/", ROOT) and exists("advisor/c*", ROOT) and not exists("advisor/nothing.py", ROOT)


def test_no_file_names_a_package_registry():
    found = [(name, host) for name, text in text_files().items() for host in REGISTRIES if host in text]
    assert not found


def test_no_file_names_a_path_of_somebodys_machine():
    found = {name: hits[:3] for name, text in text_files().items() if (hits := MACHINE_PATH.findall(text))}
    assert not found


@pytest.mark.parametrize(("text", "hit"), [("cd /{}/x", True), ("https://a.example/{}/x", False), ("./{}/x", False)])
def test_the_search_for_machine_paths_tells_them_from_addresses(text, hit):
    assert bool(MACHINE_PATH.search(text.format("opt"))) is hit


def significant_digits(number: float) -> int:
    """Digits of the shortest decimal text, without leading and trailing zeros: 8766.0 has 4, 1e-12 has 1."""
    return len("".join(map(str, Decimal(repr(number)).normalize().as_tuple().digits)))


@pytest.mark.parametrize(
    ("number", "digits"), [(0.05, 1), (1e-12, 1), (1000.0, 1), (0.333, 3), (3.1416, 5), (8766.0, 4)]
)
def test_significant_digits_are_counted_as_by_hand(number, digits):
    assert significant_digits(number) == digits


@pytest.mark.parametrize(
    "path", sorted((ROOT / "advisor" / "core").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_the_core_holds_no_constant_of_the_world(path):
    """Values with more than three digits come from `data/`; units.py holds the conversions."""
    if path.name == "units.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    found = [f"line {node.lineno}: {node.value}" for node in constants if significant_digits(node.value) > 3]
    assert not found, f"{path.name}: give these a row in data/ with unit, source and date: {found}"
