"""Every form in which an Assessment leaves the program: name, file ending, media type, bytes.

Enter at `render`. The same Assessment gives the same bytes in every form: no clock, no random id.
"""

from dataclasses import dataclass
from typing import Literal

from advisor.contracts.assessment import Assessment
from advisor.contracts.errors import Failed
from advisor.phrases import Language

FormName = Literal["table", "json", "markdown", "pdf", "xlsx", "focus"]


@dataclass(frozen=True)
class Form:
    """How a form is stored and sent."""

    suffix: str
    media_type: str
    is_text: bool


FORMS: dict[FormName, Form] = {
    "table": Form(".txt", "text/plain; charset=utf-8", True),
    "json": Form(".json", "application/json", True),
    "markdown": Form(".md", "text/markdown; charset=utf-8", True),
    "pdf": Form(".pdf", "application/pdf", False),
    "xlsx": Form(".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
    "focus": Form(".focus.csv", "text/csv; charset=utf-8", True),
}


def render(result: Assessment, form: FormName, language: Language) -> bytes:
    """The assessment in one form.

    Raises:
        Failed: the libraries of the form are not installed.
    """
    match form:
        case "json":
            return (result.model_dump_json(indent=2) + "\n").encode()
        case "markdown":
            from advisor.report import markdown

            return markdown(result, language).encode()
        case "table":
            from advisor.report import table_text

            return table_text(result, language).encode()
        case "focus":
            from advisor.exports.focus import focus_csv

            return focus_csv(result, language)
        case "pdf":
            try:
                from advisor.exports.pdf import pdf_bytes
            except ModuleNotFoundError as error:
                raise _not_installed(form, error) from error
            return pdf_bytes(result, language)
        case "xlsx":
            try:
                from advisor.exports.workbook import xlsx_bytes
            except ModuleNotFoundError as error:
                raise _not_installed(form, error) from error
            return xlsx_bytes(result, language)


def _not_installed(form: FormName, error: ModuleNotFoundError) -> Failed:
    return Failed(f"--format {form} needs {error.name}, which is not installed: pip install 'richtwert[exports]'")
