"""What the generators of candidates share: the central design, the usable hardware, the cheapest variant.

Enter at `Workshop`.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from advisor.catalog import lookup
from advisor.contracts.case import Case
from advisor.contracts.catalog import AcceleratorRow, ArchitectureRow, BaseModelRow, Catalog
from advisor.contracts.estimates import TrainingKind
from advisor.core.candidates import Candidate, Hosting
from advisor.core.costing import total_of
from advisor.core.decode import Device, NumberFormat, StepFit
from advisor.core.demand import Demand, demand_of
from advisor.core.sampling import Design, Input, central_design
from advisor.core.serving import Replica, replica_design
from advisor.core.shapes import ModelShape
from advisor.core.units import MONTHS_PER_YEAR
from advisor.estimate.draws import Draws
from advisor.estimate.serving_coefficients import GENERATIONS, PREFIX, names_for, step_fit
from advisor.inputs import Setting
from advisor.options.pace import Pace, central_pool, pace_of

RETRIEVAL_TASKS = ("question_answering", "chat", "content_generation", "summarization")
LINKED_CLASSES = ("a100", "h100", "b200", "v100", "amd", "tpu", "cpu")
"""Classes whose parts talk over a fast link inside a server."""
LINKED_DEVICES, UNLINKED_DEVICES = 8, 2
ENGINE = "vllm"
FORM = NumberFormat()
"""Weights as they are released, in bf16."""


class Workshop:
    """What the generators share: the case, the central design and the hardware that may be used."""

    def __init__(self, case: Case, catalog: Catalog, inputs: list[Input], setting: Setting, on: date) -> None:
        self.case, self.catalog, self.setting, self.on = case, catalog, setting, on
        self.x: Design = central_design(inputs)
        self.demand: Demand = demand_of(self.x, setting.frame)
        self.owned = {lookup.accelerator(catalog, own.accelerator).id: own.count for own in case.hardware.owned}
        self.parts = {part.id: part for part in catalog.accelerators}
        self._paces: dict[tuple[str, str, str], Pace | None] = {}
        self.pool = central_pool(catalog)
        self.retrieval_helps = case.use_case.task in RETRIEVAL_TASKS

    def central(self, name: str) -> float:
        """The central value of an input."""
        return float(self.x[name][0])

    def fit(self, part: AcceleratorRow) -> StepFit:
        """The coefficients of a step on a part, at their central values."""
        return _fit(part.mfu_class if part.mfu_class in GENERATIONS else "other", self.pool)

    def usable_parts(self) -> list[AcceleratorRow]:
        """Parts that are owned, or that can be rented (cloud) or bought at a known price (premises)."""
        bought = self.setting.on_premises
        return [
            part
            for part in self.catalog.accelerators
            if part.id in self.owned
            or (part.mfu_class != "cpu" and (part.purchase_usd if bought else part.rental_usd_per_hour) is not None)
        ]

    def hostings(self, model: ModelShape, *, retrieval: bool) -> Iterator[Hosting]:
        """One hosting per usable accelerator that holds the model."""
        extra = self.central("retrieval_tokens_per_request") if retrieval else 0.0
        for part in self.usable_parts():
            device = device_of(part)
            fit = self.fit(part)
            replica = _replica(
                model,
                part,
                self.pool,
                input_tokens=self.central("input_tokens_per_request") + extra,
                output_tokens=self.central("output_tokens_per_request"),
                ttft_s=self.central("ttft_ms_p95") / 1e3,
                tpot_s=self.central("tpot_ms_p95") / 1e3,
                usable_memory_fraction=self.central("usable_memory_fraction"),
                load_fraction=self.central("capacity_headroom_fraction"),
            )
            if replica is None:
                continue
            owned = self.owned.get(part.id, 0)
            bought = self.setting.on_premises or owned > 0
            yield Hosting(
                accelerator=part.id,
                model=model,
                device=device,
                form=FORM,
                fit=fit,
                replica=replica,
                bought=bought,
                owned_devices=owned,
                devices_per_server=part.devices_per_server if bought and part.link_bytes_per_s is not None else 1,
            )

    def cheapest(self, variants: list[Candidate]) -> list[Candidate]:
        """The variant with the lowest central cost, those that meet the latency first; empty stays empty."""

        def key(option: Candidate) -> tuple[bool, float]:
            late = option.hosting is not None and not option.hosting.replica.meets_latency
            return late, float(total_of(option, self.x, self.demand, self.setting.frame)[0])

        return sorted(variants, key=key)[:1]

    def pace(self, model: BaseModelRow | ArchitectureRow, kind: TrainingKind, accelerator: str) -> Pace | None:
        """How fast a training goes on an accelerator; None where it does not fit the devices that may share it."""
        key = model.id, kind, accelerator
        if key not in self._paces:
            part = self.parts[accelerator]
            tokens = self.central("input_tokens_per_request") + self.central("output_tokens_per_request")
            found = pace_of(model, kind, part, self.pool, tokens_per_example=tokens)
            shared = found is not None and found.devices > UNLINKED_DEVICES
            self._paces[key] = None if shared and part.mfu_class not in LINKED_CLASSES else found
        return self._paces[key]

    def mfu_input(self, accelerator: str) -> str:
        """Name of the utilisation input of an accelerator."""
        return f"mfu_fraction.{self.parts[accelerator].mfu_class}.full"


@lru_cache(maxsize=64)
def _fit(generation: str, pool: Draws) -> StepFit:
    values = {name: pool.value(PREFIX + name) for name in names_for(generation, ENGINE)}
    return step_fit(values, generation, ENGINE)


@lru_cache(maxsize=8192)
def _replica(model: ModelShape, part: AcceleratorRow, pool: Draws, **wanted: float) -> Replica | None:
    """The replica of a model on a part: cases that ask alike are answered alike, so it is designed once."""
    generation = part.mfu_class if part.mfu_class in GENERATIONS else "other"
    most = most_devices(part)
    return replica_design(model, device_of(part), FORM, _fit(generation, pool), max_devices=most, **wanted)


def most_devices(part: AcceleratorRow) -> int:
    """Devices over which one model may be spread: a server's worth where they are linked, else a pair."""
    return LINKED_DEVICES if part.mfu_class in LINKED_CLASSES else UNLINKED_DEVICES


def device_of(part: AcceleratorRow) -> Device:
    """The figures of a part that decide its speed."""
    return Device(
        peak_flop_per_s=part.peak_flop_per_s,
        bandwidth_bytes_per_s=part.bandwidth_bytes_per_s,
        memory_bytes=part.memory_bytes,
        peak_fp8_flop_per_s=part.peak_fp8_flop_per_s,
        peak_fp4_flop_per_s=part.peak_fp4_flop_per_s,
        link_bytes_per_s=part.link_bytes_per_s,
    )


def months_between(on: date, day: str) -> float:
    """Whole months from a day to a date text."""
    year, month = ([int(part) for part in day.split("-")] + [1])[:2]
    return float((year - on.year) * 12 + month - on.month)


def age_years(model: BaseModelRow, on: date) -> float:
    """Age of an open model at the date of the catalogue."""
    return max(0.0, -months_between(on, model.released) / MONTHS_PER_YEAR)


def language_gap(model: BaseModelRow, case: Case) -> float:
    """Share of the case's languages that the model's makers do not list; 0 where the case names none."""
    wanted = {language.split("-")[0] for language in case.use_case.languages}
    return len(wanted - set(model.languages)) / len(wanted) if wanted else 0.0
