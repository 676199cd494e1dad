"""The directory that is handed over: complete, in one piece with the assessment, readable by the tools it is for."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from accelerate.commands.config.config_args import load_config_from_file

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.plan import Architecture, TrainingPlan
from advisor.files import read_contract
from advisor.handing.launch import LAUNCHERS, SKY_NAMES, slug
from advisor.handing.serve import tensor_parallel
from advisor.handoff import BOUGHT, TRAINABLE, handed_over, write_plan

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
NAMES = ("insurer_claims_letters", "python_help_desk")
SECRET = re.compile(r"(sk-|hf_)[A-Za-z0-9]{8,}")
ENGLISH = re.compile(r"\b(the|and|which|before|start it|with)\b")
LAUNCH = ("one_machine.sh", "torchrun.sh", "accelerate.yaml", "slurm.sbatch", "skypilot.yaml")


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


@pytest.fixture(scope="module")
def results(catalog):
    return {name: assess(read_contract(EXAMPLES / f"{name}.yaml", Case), catalog=catalog, draws=400) for name in NAMES}


@pytest.fixture(scope="module")
def handed(results, catalog, tmp_path_factory):
    """Every option but the status quo of both cases, written to a directory."""
    root = tmp_path_factory.mktemp("handed")
    found = {}
    for name, result in results.items():
        for place, option in enumerate(result.options):
            if option.kind == "status_quo":
                continue
            directory = root / name / str(place)
            write_plan(result, option_id=option.id, catalog=catalog, corpus=None, base_model=None, output=directory)
            found[name, option.id] = (option, directory)
    return found


def trained(handed):
    return [(option, directory) for option, directory in handed.values() if option.kind in TRAINABLE]


def test_every_option_but_the_status_quo_hands_something_over(handed):
    for option, directory in handed.values():
        assert (directory / "README.md").read_text(encoding="utf-8").count(option.id) >= 1
        assert (directory / "assessment.json").is_file()
        if option.kind in TRAINABLE:
            assert all((directory / "launch" / name).is_file() for name in LAUNCH)
            assert (directory / "plan.yaml").is_file()
        if option.kind in BOUGHT:
            assert (directory / "procurement.yaml").is_file()
            assert (directory / "client.yaml").is_file()
        else:
            assert (directory / "serve" / "compose.yaml").is_file()
            assert (directory / "serve" / "README.md").is_file()


def test_every_yaml_file_reads_as_a_mapping_with_text_where_text_is_meant(handed):
    for _, directory in handed.values():
        for path in directory.rglob("*.yaml"):
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            assert isinstance(document, dict), path


def test_every_shell_script_parses(handed):
    for _, directory in trained(handed):
        for name in ("one_machine.sh", "torchrun.sh", "slurm.sbatch"):
            done = subprocess.run(
                ["bash", "-n", directory / "launch" / name], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        script = directory / "launch" / "one_machine.sh"
        assert script.stat().st_mode & 0o111
        if shutil.which("shellcheck"):
            subprocess.run(["shellcheck", script], check=True)


def test_slurm_gets_nodes_devices_and_time_that_the_high_forecast_fits_into(handed):
    for _, directory in trained(handed):
        plan = read_contract(directory / "plan.yaml", TrainingPlan)
        text = (directory / "launch" / "slurm.sbatch").read_text(encoding="utf-8")
        found = dict(re.findall(r"^#SBATCH --([a-z-]+)=(\S+)$", text, flags=re.MULTILINE))
        assert {"job-name", "nodes", "ntasks-per-node", "cpus-per-task", "time", "output", "signal"} <= set(found)
        days, rest = found["time"].split("-")
        hours, minutes, _ = (int(part) for part in rest.split(":"))
        assert int(days) * 24 + hours + minutes / 60 >= plan.forecast.train_hours.p95
        if "gpus-per-node" in found:
            assert int(found["nodes"]) * int(found["gpus-per-node"]) >= plan.accelerator_count


def test_accelerate_loads_its_configuration_and_finds_the_plans_devices(handed):
    for option, directory in trained(handed):
        plan = read_contract(directory / "plan.yaml", TrainingPlan)
        loaded = load_config_from_file(str(directory / "launch" / "accelerate.yaml"))
        on_cpu = (option.accelerator or "cpu").startswith("cpu")
        assert loaded.num_processes == (1 if on_cpu else plan.accelerator_count)
        wanted = "NO" if loaded.num_processes == 1 else "MULTI_GPU" if option.kind == "fine_tune_lora" else "FSDP"
        assert loaded.distributed_type.value == wanted
        assert loaded.use_cpu == on_cpu


def test_skypilot_asks_for_the_options_accelerator_and_keeps_checkpoints_in_a_bucket(handed):
    for option, directory in trained(handed):
        task = yaml.safe_load((directory / "launch" / "skypilot.yaml").read_text(encoding="utf-8"))
        if option.accelerator in SKY_NAMES:
            assert (
                task["resources"]["accelerators"].partition(":")[0] == SKY_NAMES[option.accelerator].partition(":")[0]
            )
        assert task["file_mounts"]["/checkpoints"]["mode"] == "MOUNT"
        assert task["envs"]["RUN_DIR"].startswith("/checkpoints/")
        assert "--resume" in task["run"]


def test_no_file_holds_a_key(handed):
    for _, directory in handed.values():
        for path in directory.rglob("*"):
            if path.is_file():
                assert not SECRET.search(path.read_text(encoding="utf-8")), path


def test_the_forecast_is_a_band_of_hours_energy_and_quality(handed):
    for option, directory in trained(handed):
        plan = read_contract(directory / "plan.yaml", TrainingPlan)
        for band in (plan.forecast.train_hours, plan.forecast.energy_kwh, plan.forecast.quality_fraction):
            assert band is not None, option.id
            assert band.p5 < band.p50 < band.p95


def test_ranges_hold_the_settings_that_the_plan_starts_with(handed):
    for _, directory in trained(handed):
        plan = read_contract(directory / "plan.yaml", TrainingPlan)
        phases = {name for name in ("pretrain", "sft", "reward", "rl") if getattr(plan.phases, name) is not None}
        assert {found.phase for found in plan.search} == phases
        for found in plan.search:
            phase = getattr(plan.phases, found.phase)
            sizes = ("batch_sequences", "batch_pairs", "batch_completions")
            batch = next(getattr(phase, name) for name in sizes if hasattr(phase, name))
            assert found.learning_rate.low < phase.learning_rate < found.learning_rate.high
            assert batch in found.batch_sequences
            if found.phase == "rl":
                assert all(size % phase.num_generations == 0 for size in found.batch_sequences)


def test_full_tuning_of_24_billion_parameters_takes_the_eight_devices_that_hold_it(handed):
    """24 B x 16 bytes of weights, gradients and states = 384 GB, on A100 of 80 GB more than four."""
    for option, directory in trained(handed):
        if option.kind == "fine_tune_full" and option.accelerator == "a100-sxm-80gb":
            assert read_contract(directory / "plan.yaml", TrainingPlan).accelerator_count == 8


def test_a_plan_from_random_weights_names_its_architecture(handed):
    plans = [
        read_contract(d / "plan.yaml", TrainingPlan) for option, d in trained(handed) if option.kind == "from_scratch"
    ]
    assert plans
    assert all(isinstance(plan.model, Architecture) for plan in plans)


def test_serving_waits_for_health_and_mounts_the_model_read_only(handed):
    for option, directory in handed.values():
        if option.kind in BOUGHT:
            continue
        service = yaml.safe_load((directory / "serve" / "compose.yaml").read_text(encoding="utf-8"))["services"][
            "model"
        ]
        assert "/health" in " ".join(service["healthcheck"]["test"])
        assert service["volumes"][0].endswith(":/model:ro")
        assert not service["image"].endswith("latest")
        assert service["ports"][0].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("params", "memory", "devices"), [(8e9, 80e9, 1), (24e9, 80e9, 1), (70e9, 80e9, 4), (8e9, 24e9, 2)]
)
def test_weights_are_spread_over_as_many_devices_as_they_need(params, memory, devices):
    """16 / 50.4 -> 1; 48 / 50.4 -> 1; 140 / 50.4 = 2.8 -> 4; 16 / 15.1 = 1.06 -> 2."""
    assert tensor_parallel(params, memory) == devices


def test_a_bought_option_names_address_model_price_date_and_residency(handed):
    for option, directory in handed.values():
        if option.kind not in BOUGHT:
            continue
        client = yaml.safe_load((directory / "client.yaml").read_text(encoding="utf-8"))
        bought = yaml.safe_load((directory / "procurement.yaml").read_text(encoding="utf-8"))
        assert client["base_url"].startswith("https://")
        assert client["model"] == bought["model"]
        assert client["api_key_from"].endswith("_API_KEY")
        assert bought["prices"]["output_usd_per_mtok"] > 0
        assert bought["prices"]["as_of"]
        assert bought["residency"]["offered"]
        assert ("tuning" in bought) == (option.kind == "proprietary_api_tuned")


def test_german_readme_files_hold_no_english_sentence(results, catalog):
    for result in results.values():
        for option in result.options:
            if option.kind == "status_quo":
                continue
            files = handed_over(result, option_id=option.id, catalog=catalog, language="de").files
            for path, text in files.items():
                if path.endswith(".md"):
                    body = text.split("\n", 1)[1]
                    assert not ENGLISH.search(re.sub(r"`[^`]*`", "", body)), path


def test_launch_files_can_be_chosen_and_an_unknown_one_is_refused(results, catalog):
    result = results["python_help_desk"]
    option = next(option.id for option in result.options if option.kind == "from_scratch")
    files = handed_over(result, option_id=option, catalog=catalog, launchers=("slurm",)).files
    assert [path for path in files if path.startswith("launch/")] == ["launch/slurm.sbatch"]
    with pytest.raises(UnknownName, match="did you mean 'torchrun'"):
        handed_over(result, option_id=option, catalog=catalog, launchers=("torchrum",))
    assert set(LAUNCHERS) == {"one_machine", "torchrun", "slurm", "skypilot"}


def test_the_status_quo_has_nothing_to_hand_over(results, catalog):
    with pytest.raises(BadInput, match="trains nothing and buys nothing"):
        handed_over(results["python_help_desk"], option_id="status_quo", catalog=catalog)


def test_names_for_machines_hold_letters_digits_and_hyphens():
    assert slug("Versicherer, Briefe: Übung 3.1") == "versicherer-briefe-bung-3-1"
    assert slug("...") == "plan"


def test_notes_speak_the_readers_language(results, catalog):
    result = results["python_help_desk"]
    option = next(option.id for option in result.options if option.kind == "from_scratch")
    english, german = (
        handed_over(result, option_id=option, catalog=catalog, language=language).notes for language in ("en", "de")
    )
    assert len(english) == len(german) >= 2
    assert "pilot that measures it" in english[0]
    assert "Pilot, der sie misst" in german[0]
    assert not set(english) & set(german)
