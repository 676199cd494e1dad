"""Exports of a footprint, each read by the library or the specification that it is for."""

import csv
import dataclasses
import io
import json

import pytest
from metered import H100, KWH_J, machine, run, served, unmeasured
from prometheus_client.parser import text_string_to_metric_families

from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.contracts.errors import BadInput
from advisor.contracts.footprint import FootprintReport
from advisor.contracts.runs import ModelCard
from advisor.exports.energy_boamps import boamps
from advisor.exports.energy_codecarbon import COLUMNS, emissions_csv
from advisor.exports.energy_model_card import front_matter, with_emissions
from advisor.exports.energy_prometheus import exposition
from advisor.exports.energy_spdx import spdx
from advisor.files import read_contract
from advisor.footprint.place import Place
from advisor.footprint.reckon import footprint_report
from advisor.footprint.work import work_of
from trainer.card import card_text

PLACE = Place("DE", on_premises=True, price_eur_per_kwh=0.2, pue_ratio=1.2, server_ratio=1.5)


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture
def reckon(catalog):
    return lambda *reports: footprint_report([work_of(report, catalog) for report in reports], PLACE, catalog)


def test_the_columns_are_those_of_codecarbon_in_its_order():
    emissions_data = pytest.importorskip("codecarbon.output_methods.emissions_data")
    assert [field.name for field in dataclasses.fields(emissions_data.EmissionsData)] == list(COLUMNS)


def test_codecarbon_takes_a_row_as_its_own(reckon, tmp_path):
    """Its writer appends to our file without backing it up: headers and their number fit."""
    emissions_data = pytest.importorskip("codecarbon.output_methods.emissions_data")
    from codecarbon.output_methods.file import FileOutput

    path = tmp_path / "emissions.csv"
    path.write_text(emissions_csv(reckon(run())))
    row = next(csv.DictReader(io.StringIO(path.read_text())))
    own = emissions_data.EmissionsData(**row)
    writer = FileOutput("emissions.csv", str(tmp_path))
    assert writer.has_valid_headers(own)
    writer.out(own, None)
    assert len(list(csv.DictReader(io.StringIO(path.read_text())))) == 2 and list(tmp_path.iterdir()) == [path]


def test_codecarbon_energies_include_pue_and_emissions_are_kilograms(reckon):
    """1 kWh at two H100, x 1.2 = 1.2 in gpu_energy; whole servers 1.8 in energy_consumed; 3,600 s."""
    found = reckon(run(), machine())
    first, second = csv.DictReader(io.StringIO(emissions_csv(found)))
    assert float(first["gpu_energy"]) == pytest.approx(1.2, rel=1e-3)
    assert float(first["energy_consumed"]) == pytest.approx(1.8, rel=1e-3)
    kilograms = found.footprints[0].operational_kgco2e_location.p50
    assert float(first["emissions"]) == pytest.approx(kilograms)
    assert float(first["emissions_rate"]) == pytest.approx(kilograms / 3600)
    assert float(first["gpu_power"]) == pytest.approx(1200, rel=1e-3)
    assert (first["country_iso_code"], first["country_name"], first["gpu_count"]) == ("DEU", "Germany", "2")
    assert second["energy_consumed"] == "" and second["emissions"] == "", "not known is empty, not 0"


def test_a_model_card_has_grams_that_the_hub_library_reads(reckon):
    from huggingface_hub import ModelCard

    found = reckon(run())
    card = ModelCard(front_matter(found))
    kept = card.data.to_dict()["co2_eq_emissions"]
    grams = found.footprints[0].operational_kgco2e_location.p50 * 1000
    assert kept["emissions"] == pytest.approx(grams, rel=5e-3)
    assert kept["training_type"] == "pre-training" and kept["geographical_location"] == "DE"
    assert kept["hardware_used"] == f"2 x {H100}" and "measured_counter" in kept["source"]


def test_the_hub_library_finds_the_emissions_within_its_threshold(reckon):
    from types import SimpleNamespace

    from huggingface_hub import ModelCard
    from huggingface_hub.utils.endpoint_helpers import _is_emission_within_threshold

    info = SimpleNamespace(card_data=ModelCard(front_matter(reckon(run()))).data)
    assert _is_emission_within_threshold(info, 100, 10_000)
    assert not _is_emission_within_threshold(info, 0, 1)


def test_updating_a_card_keeps_its_text_and_its_other_metadata(reckon):
    before = "---\n# ours\nlicense: mit\nco2_eq_emissions:\n  emissions: 1\nlanguage: [de, en]\n"
    text = "---\n# Model\n\ntext --- more\n"
    updated = with_emissions(before + text, reckon(run()))
    assert updated.endswith(text)
    assert "# ours\nlicense: mit\n" in updated and "language: [de, en]\n" in updated
    assert updated.count("co2_eq_emissions") == 1 and with_emissions(updated, reckon(run())) == updated
    assert with_emissions("# Model\n", reckon(run())).endswith("---\n# Model\n")


def test_a_card_gets_no_figure_that_is_not_known(reckon):
    with pytest.raises(BadInput, match="no meter"):
        front_matter(reckon(run(total=unmeasured("no meter"))))
    with pytest.raises(BadInput, match="not of a serving"):
        front_matter(reckon(served(KWH_J)))


BOAMPS = {
    "": {"header", "task", "measures", "system", "software", "infrastructure", "environment", "quality"},
    "header": {"formatVersion", "formatVersionSpecificationUri", "reportId", "reportDatetime", "reportStatus"},
    "task": {"taskStage", "taskFamily", "nbRequest", "algorithms", "dataset"},
    "task.algorithms": {
        *("algorithmType", "algorithmName", "foundationModelName", "parametersNumber", "framework", "frameworkVersion")
    },
    "task.dataset": {"dataUsage", "dataType", "dataQuantity"},
    "measures": {
        *("measurementMethod", "version", "cpuTrackingMode", "gpuTrackingMode", "powerConsumption"),
        *("measurementDuration", "measurementDateTime"),
    },
    "system": {"os"},
    "software": {"language", "version"},
    "infrastructure": {"infraType", "components"},
    "infrastructure.components": {"componentName", "componentType", "nbComponent"},
    "environment": {"country", "powerSourceCarbonIntensity"},
}
"""Names out of BoAmps' schemas (report, algorithm, dataset, hardware) and its reader of measures."""
REQUIRED = {
    "": {"task", "measures", "infrastructure"},
    "header": {"reportDatetime"},
    "task": {"taskStage", "taskFamily", "algorithms", "dataset"},
    "task.dataset": {"dataUsage", "dataType"},
    "system": {"os"},
    "software": {"language"},
    "infrastructure": {"infraType", "components"},
    "infrastructure.components": {"componentType", "nbComponent"},
    "environment": {"country"},
}


def names_in(document, where=""):
    """Path and names of every object; those of a list stand under the list's path."""
    for entry in document if isinstance(document, list) else [document]:
        if isinstance(entry, dict):
            yield where, set(entry)
            for name, value in entry.items():
                if isinstance(value, dict | list):
                    yield from names_in(value, f"{where}.{name}".strip("."))


@pytest.mark.parametrize("report", [run(), served(KWH_J)], ids=["run", "serving"])
def test_a_boamps_report_has_the_names_of_its_schemas_and_all_that_they_require(reckon, report):
    for where, names in names_in(boamps(reckon(report))):
        assert names <= BOAMPS[where], where
        assert names >= REQUIRED.get(where, set()), where


def test_a_boamps_report_states_the_metered_energy_in_kwh_and_billions_of_parameters(reckon):
    found = boamps(reckon(run()))
    assert found["measures"][0]["powerConsumption"] == 1.0
    assert found["task"]["algorithms"][0]["parametersNumber"] == pytest.approx(1e-6)
    assert found["quality"] == "high" and found["environment"]["country"] == "Germany"
    assert found == boamps(reckon(run())), "the same report, the same bytes"


def test_boamps_is_for_training_and_inference_that_were_measured(reckon):
    with pytest.raises(BadInput, match="training or inference"):
        boamps(reckon(machine()))


def test_an_spdx_document_has_a_stage_each_in_kilowatt_hours_as_decimals(reckon):
    """Pre-training 0.5 kWh and tuning 0.25 at the devices, x 1.8 at the facility: 0.9 and 0.45."""
    document = spdx(reckon(run(), served(KWH_J)))
    assert document["@context"] == "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    trained, answering = [item for item in document["@graph"] if item["type"] == "ai_AIPackage"]
    stages = trained["ai_energyConsumption"]
    assert stages["ai_trainingEnergyConsumption"] == [
        {"type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": "0.9", "ai_energyUnit": "kilowattHour"}
    ]
    assert stages["ai_finetuningEnergyConsumption"][0]["ai_energyQuantity"] == "0.45"
    assert set(answering["ai_energyConsumption"]) == {"type", "ai_inferenceEnergyConsumption"}
    made = {item["spdxId"] for item in document["@graph"] if "spdxId" in item}
    header = next(item for item in document["@graph"] if item["type"] == "SpdxDocument")
    assert set(header["element"]) < made and set(header["rootElement"]) <= made


def test_an_spdx_document_is_read_by_the_bindings_of_the_specification(reckon):
    model = pytest.importorskip("spdx_python_model", reason="no bindings of SPDX 3 are installed")
    objects = model.v3_0_1.SHACLObjectSet()
    model.v3_0_1.JSONLDDeserializer().read(io.StringIO(json.dumps(spdx(reckon(run())))), objects)
    packages = list(objects.foreach_type("ai_AIPackage"))
    assert [package.name for package in packages] == ["claims-8b"]


def test_an_spdx_document_without_any_known_stage_is_refused(reckon):
    with pytest.raises(BadInput, match="no NVML device"):
        spdx(reckon(machine()))


def test_prometheus_reads_every_sample_and_a_missing_figure_has_none(reckon):
    families = {family.name: family for family in text_string_to_metric_families(exposition(reckon(run(), machine())))}
    facility = families["richtwert_facility_energy_joules"].samples
    assert {sample.labels["id"] for sample in facility} == {"r-1"}
    middle = next(sample for sample in facility if sample.labels["quantile"] == "0.5")
    assert middle.value == pytest.approx(1.8 * KWH_J, rel=1e-3)
    assert len(families["richtwert_duration_seconds"].samples) == 2


@pytest.fixture
def report_file(tmp_path):
    path = tmp_path / "run_report.json"
    path.write_text(run().model_dump_json())
    return path


def test_the_program_prints_json_alone_and_it_is_a_footprint_report(report_file, capsys):
    assert main(["footprint", str(report_file), "--grid", "de", "--format", "json"]) == 0
    said = capsys.readouterr()
    assert FootprintReport.model_validate_json(said.out).grid_zone == "DE" and said.err == ""


@pytest.mark.parametrize("form", ["table", "codecarbon", "model-card", "boamps", "spdx", "prometheus"])
def test_the_program_writes_every_form_to_a_file(report_file, form, tmp_path, capsys):
    target = tmp_path / "out"
    assert main(["footprint", str(report_file), "--grid", "FR", "--format", form, "--output", str(target)]) == 0
    assert target.stat().st_size > 100 and capsys.readouterr().out == ""


def test_the_program_writes_the_emissions_into_a_card(report_file, tmp_path, capsys):
    card = tmp_path / "README.md"
    card.write_text("# claims-8b\n")
    arguments = ["footprint", str(report_file), "--grid", "DE", "--format", "model-card", "--update", str(card)]
    assert main(arguments) == 0
    assert card.read_text().startswith("---\nco2_eq_emissions:\n") and card.read_text().endswith("# claims-8b\n")


def test_the_card_of_a_run_gets_the_same_figure_in_its_table_and_in_its_contract(report_file, tmp_path, reckon):
    report = run()
    (tmp_path / "README.md").write_text(card_text(report.model_card))
    (tmp_path / "model_card.json").write_text(report.model_card.model_dump_json())
    arguments = ["--grid", "DE", "--format", "model-card", "--update", str(tmp_path / "README.md")]
    assert main(["footprint", str(report_file), *arguments]) == 0
    card = read_contract(tmp_path / "model_card.json", ModelCard)
    assert f"| emissions | {card.emissions_kgco2e:.3g} kg CO2e, DE" in (tmp_path / "README.md").read_text()


def test_the_card_of_another_model_is_left_alone(report_file, tmp_path, capsys):
    (tmp_path / "README.md").write_text("# other\n")
    other = run().model_card.model_copy(update={"name": "other"})
    (tmp_path / "model_card.json").write_text(other.model_dump_json())
    arguments = ["--grid", "DE", "--format", "model-card", "--update", str(tmp_path / "README.md")]
    assert main(["footprint", str(report_file), *arguments]) == 2
    assert "the card is of 'other'" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == "# other\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give the country or grid zone with --grid"),
        (["--grid", "DE", "--pue", "0.5"], "--pue: must be at least 1"),
        (["--grid", "DE", "--update", "x"], "--update: goes with --format model-card"),
    ],
)
def test_a_mistake_of_the_user_is_named(report_file, arguments, words, capsys):
    assert main(["footprint", str(report_file), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_comparison_of_answers_is_no_report_of_energy(tmp_path, capsys):
    path = tmp_path / "baseline.json"
    path.write_text('{"report": "baseline"}')
    assert main(["footprint", str(path), "--grid", "DE"]) == 2
    assert "expected 'run', 'machine' or 'serving', got 'baseline'" in capsys.readouterr().err
