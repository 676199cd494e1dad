"""What `advisor assess` does with files: one case, a portfolio, or two assessments compared.

Enter at `assess_cases` and `compare_files`. Results go to standard output, or to files with `--output`; everything
else that is said goes to standard error.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from advisor.contracts.assessment import Assessment
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, RichtwertError
from advisor.exports.forms import FORMS, FormName, render
from advisor.exports.portfolio import Assessed, case_files, file_names, portfolio_markdown, portfolio_table
from advisor.files import read_contract, write_bytes, write_text
from advisor.phrases import Language


@dataclass(frozen=True)
class Wanted:
    """How the results are to look, and how they are reckoned."""

    form: FormName
    language: Language
    output: Path | None
    seed: int
    draws: int
    measurements: Sequence[Path] = ()
    calibration: Path | None = None


def assess_cases(paths: Sequence[Path], wanted: Wanted) -> int:
    """Assess one case file, or several files and directories; 1 when one of several failed."""
    from advisor.calibrate.history import read_calibration
    from advisor.catalog.load import load_catalog
    from advisor.commands import read_report

    files = case_files(paths)
    is_portfolio = len(files) > 1 or any(path.is_dir() for path in paths)
    _check_output(wanted, is_portfolio=is_portfolio)
    if not is_portfolio:
        read_contract(files[0], Case)  # a mistake is said before the catalogue is read
    for path in wanted.measurements:
        read_report(path)
    if wanted.calibration is not None:
        read_calibration(wanted.calibration)
    catalog = load_catalog()
    if not is_portfolio:
        _emit(files[0], assess_file(files[0], catalog, wanted), wanted)
        return 0
    return _portfolio(files, catalog, wanted)


def assess_file(path: Path, catalog: Catalog, wanted: Wanted) -> Assessment:
    """Assess one case file with the reports that it names and the shared ones."""
    from advisor.assess import assess
    from advisor.calibrate.history import read_calibration
    from advisor.commands import calibration_of, read_report, reports_of

    case = read_contract(path, Case)
    calibration = calibration_of(case, path)
    if wanted.calibration is not None:
        calibration = read_calibration(wanted.calibration)
    reports = [*reports_of(case, path), *((str(file), read_report(file)) for file in wanted.measurements)]
    return assess(
        case,
        catalog=catalog,
        seed=wanted.seed,
        draws=wanted.draws,
        measurements=[report for _, report in reports],
        files=[name for name, _ in reports],
        calibration=calibration,
    )


def compare_files(paths: Sequence[Path], cases: Sequence[Path], wanted: Wanted) -> int:
    """Two assessments side by side; with one assessment and one case, the case's new assessment is the second.

    Raises:
        BadInput: not two of them, or a form that a comparison does not have.
    """
    from advisor.exports.compare import compare
    from advisor.exports.compare_text import comparison_markdown, comparison_table

    if len(paths) + len(cases) != 2 or not paths:
        raise BadInput(
            f"--compare: {len(paths)} assessments and {len(cases)} cases; give two assessments (JSON of `advisor "
            "assess`), or one assessment and one case to assess anew"
        )
    if wanted.form not in ("table", "markdown", "json"):
        raise BadInput(f"--format {wanted.form}: a comparison has the forms table, markdown and json")
    older, *rest = (read_contract(path, Assessment) for path in paths)
    if cases:
        from advisor.catalog.load import load_catalog

        rest = [assess_file(cases[0], load_catalog(), wanted)]
    found = compare(older, rest[0])
    match wanted.form:
        case "json":
            text = found.model_dump_json(indent=2) + "\n"
        case "markdown":
            text = comparison_markdown(found, wanted.language)
        case _:
            text = comparison_table(found, wanted.language)
    if wanted.output is None:
        sys.stdout.write(text)
    else:
        write_text(wanted.output, text)
        sys.stderr.write(f"written: {wanted.output}\n")
    return 0


def _portfolio(files: Sequence[Path], catalog: Catalog, wanted: Wanted) -> int:
    cases: list[Assessed] = []
    with _progress(len(files)) as advance:
        for path in files:
            try:
                cases.append(Assessed(path, assess_file(path, catalog, wanted)))
            except RichtwertError as error:
                cases.append(Assessed(path, None, str(error)))
            advance()
    done = [case for case in cases if case.result is not None]
    if wanted.output is None:
        _print_all(done, cases, wanted)
    else:
        for case, name in zip(done, file_names(done, FORMS[wanted.form].suffix), strict=True):
            if case.result is not None:
                _write(wanted.output / name, render(case.result, wanted.form, wanted.language))
        if wanted.form != "json":
            sys.stdout.write(portfolio_table(cases, wanted.language))
    failed = [case for case in cases if case.result is None]
    for case in failed:
        sys.stderr.write(f"not assessed: {case.path}: {case.error}\n")
    return 1 if failed else 0


def _print_all(done: Sequence[Assessed], cases: Sequence[Assessed], wanted: Wanted) -> None:
    """The whole portfolio on standard output, in one document of its form."""
    results = [case.result for case in done if case.result is not None]
    match wanted.form:
        case "json":
            sys.stdout.write("[" + ",\n".join(result.model_dump_json(indent=2) for result in results) + "]\n")
        case "focus":
            tables = [render(result, "focus", wanted.language) for result in results]
            bodies = [table.partition(b"\r\n")[2] for table in tables[1:]]
            _to_stdout(b"".join([*tables[:1], *bodies]))
        case "markdown":
            sys.stdout.write(portfolio_markdown(cases, wanted.language))
        case _:
            sys.stdout.write(portfolio_table(cases, wanted.language))


def _emit(path: Path, result: Assessment, wanted: Wanted) -> None:
    if wanted.output is None and wanted.form == "table":
        from advisor.report import print_table

        print_table(result, wanted.language)
        return
    content = render(result, wanted.form, wanted.language)
    if wanted.output is None:
        _to_stdout(content)
    else:
        is_folder = wanted.output.is_dir()
        _write(wanted.output / f"{path.stem}{FORMS[wanted.form].suffix}" if is_folder else wanted.output, content)


def _check_output(wanted: Wanted, *, is_portfolio: bool) -> None:
    """Refuse early what cannot be written.

    Raises:
        BadInput: bytes for a terminal, or several cases for one file.
    """
    is_text = FORMS[wanted.form].is_text
    if wanted.output is None and not is_text and (is_portfolio or sys.stdout.isatty()):
        raise BadInput(
            f"--format {wanted.form} is no text: name a file, or a directory for several cases, with --output"
        )
    if is_portfolio and wanted.output is not None and wanted.output.is_file():
        raise BadInput(f"--output {wanted.output}: is a file; several cases need a directory")


def _write(path: Path, content: bytes) -> None:
    write_bytes(path, content)
    sys.stderr.write(f"written: {path}\n")


def _to_stdout(content: bytes) -> None:
    """Bytes as they are; a replaced standard output without bytes takes text."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content.decode())
    else:
        sys.stdout.flush()
        buffer.write(content)
        buffer.flush()


@contextmanager
def _progress(total: int) -> "Iterator[partial[None]]":
    """A bar on a terminal's standard error, else nothing; yields what to call after each case."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("cases", total=total)
        yield partial(bar.advance, task)
