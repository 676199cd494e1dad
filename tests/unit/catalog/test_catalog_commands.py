"""`advisor catalog list|show|check` as a user meets it."""

import argparse
import json
from datetime import date

import pytest

from advisor.catalog import check, commands, load, tables
from advisor.catalog.load import load_catalog
from advisor.exits import exit_code
from advisor.files import data_directory


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    commands.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["catalog", *words])
    return exit_code(lambda: arguments.handler(arguments))


@pytest.mark.parametrize("kind", [*tables.KINDS, "prices"])
def test_each_kind_is_listed_as_json_with_all_its_rows(kind, capsys):
    assert run("list", kind, "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    table = "api_models" if kind == "prices" else tables.KINDS[kind]
    assert len(rows) == len(getattr(load_catalog(), table))


@pytest.mark.parametrize("kind", [*tables.KINDS, "prices"])
def test_each_kind_is_listed_as_a_table_whose_columns_exist(kind, capsys):
    assert run("list", kind) == 0
    printed = capsys.readouterr().out
    run("list", kind, "--format", "json")
    first = json.loads(capsys.readouterr().out)[0]
    columns = tables.COLUMNS[kind].split()
    assert set(columns) <= set(first)
    assert str(first[columns[0]]) in printed


def test_an_alias_shows_the_row(capsys):
    assert run("show", "h100-SXM-80gb") == 0
    printed = capsys.readouterr().out
    assert "peak_flop_per_s" in printed and "mercatus-2026" in printed


def test_a_country_shows_all_its_rows(capsys):
    assert run("show", "DE", "--format", "json") == 0
    tables = [row["table"] for row in json.loads(capsys.readouterr().out)]
    assert set(tables) == {"grids", "electricity", "salaries", "on-costs", "annotation-wages"}
    assert tables.count("salaries") == 5


def test_an_unknown_name_is_bad_input_on_standard_error(capsys):
    assert run("show", "h100-sxm-80") == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "did you mean 'h100-sxm-80gb'?" in caught.err


def test_the_check_counts_and_names_what_is_old_or_ends(capsys):
    assert run("check", "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["version"] == load_catalog().version
    assert {row["table"]: row["rows"] for row in report["tables"]}["accelerators"] == len(load_catalog().accelerators)
    stale = {(row["table"], row["row"]): (row["as_of"], row["max_age_months"]) for row in report["stale"]}
    assert stale["on_costs", "US"] == ("2021-06", 24)
    assert not [row for row in report["stale"] if row["table"] in ("base_models", "architectures")]
    assert {"row": "openai/gpt-5", "retires": "2026-12-11"} in report["ending"]
    assert run("check") == 0
    assert "no mistakes" in capsys.readouterr().out


def test_the_check_of_spoilt_data_fails_with_exit_code_one(tmp_path, capsys, monkeypatch):
    for file in load.TABLES.values():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        text = (data_directory() / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace("zone: SE", "zone: Sweden"), encoding="utf-8")
    monkeypatch.setattr(load, "data_directory", lambda: tmp_path)
    load._default.cache_clear()
    try:
        assert run("check") == 1
    finally:
        load._default.cache_clear()
    caught = capsys.readouterr()
    assert caught.out == "" and "grids.yml: row 4 (Sweden): zone" in caught.err


@pytest.mark.parametrize(
    ("as_of", "today", "months"),
    [
        ("2025-11-30", "2026-11-01", 12),
        ("2025-10", "2026-11-23", 13),
        ("2023", "2026-11-23", 35),
        ("2026", "2026-11-23", -1),
    ],
)
def test_age_counts_whole_months_from_the_end_of_what_is_stated(as_of, today, months):
    assert check.months_old(as_of, date.fromisoformat(today)) == months


def test_the_check_names_the_oldest_rows_of_a_table_and_counts_the_others(capsys):
    assert run("check") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if ": salaries: " in line]
    assert line.startswith("older than 18 months: salaries: AT ")
    assert line.count(";") == commands.STALE_ROWS_NAMED
    assert line.endswith("more, all with --format json")
