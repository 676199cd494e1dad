"""The committed JSON Schemas are the contracts', and say what the contracts refuse."""

import json

import pytest
from jsonschema import Draft202012Validator

from advisor import schemas

CASE = {"name": "letters", "use_case": {"task": "extraction", "requests_per_month": 1000}}


def schema(name: str) -> dict:
    return json.loads((schemas.CHECKOUT / "data" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))


def test_committed_schemas_equal_the_contracts():
    stale = schemas.differences(schemas.CHECKOUT / "data" / "schemas")
    assert not stale, "\n".join([*stale, f"write them anew with: {schemas.COMMAND}"])


@pytest.mark.parametrize("name", list(schemas.CONTRACTS))
def test_a_schema_is_valid_json_schema(name):
    Draft202012Validator.check_schema(schema(name))
    unknown = {'"ge":', '"gt":', '"le":', '"lt":'} & set(json.dumps(schema(name)).split())
    assert not unknown, "a bound that is no JSON Schema keyword says nothing to a validator"


def test_the_schema_of_a_case_accepts_the_smallest_case():
    assert Draft202012Validator(schema("case")).is_valid(CASE)


@pytest.mark.parametrize(
    "change",
    [
        {"requests_per_month": -1},
        {"requests_per_month": "1000"},
        {"task": "guessing"},
        {"requests_per_mnth": 5},
        {"cached_input_fraction": 1.5},
    ],
    ids=lambda change: str(change),
)
def test_the_schema_of_a_case_refuses_what_the_contract_refuses(change):
    bad = CASE | {"use_case": CASE["use_case"] | change}
    assert not Draft202012Validator(schema("case")).is_valid(bad)


def test_check_names_stale_missing_and_foreign_files_and_the_command(tmp_path, capsys):
    assert schemas.main(["--output", str(tmp_path)]) == 0
    (tmp_path / "case.json").write_text("{}", encoding="utf-8")
    (tmp_path / "catalog.json").unlink()
    (tmp_path / "extra.json").write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert schemas.main(["--check", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "case.json: differs" in said and "catalog.json: missing" in said and "extra.json: belongs to no" in said
    assert schemas.COMMAND in said
    assert (tmp_path / "case.json").read_text(encoding="utf-8") == "{}"


def test_check_of_a_directory_that_is_not_there_is_bad_input(tmp_path, capsys):
    assert schemas.main(["--check", "--output", str(tmp_path / "nowhere")]) == 2
    assert "no such directory" in capsys.readouterr().err
