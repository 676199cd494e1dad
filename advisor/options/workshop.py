"""What the generators of candidates share: the central design, the usable hardware, the cheapest variant.

Enter at `Workshop`.
"""

from collections.abc import Iterator
from datetime import date

from advisor.catalog import lookup
from advisor.contracts.case import Case
from advisor.contracts.catalog import AcceleratorRow, BaseModelRow, Catalog
from advisor.core.candidates import Candidate, Hosting
from advisor.core.costing import Demand, demand_of, evaluate
from advisor.core.sampling import Design, Input, central_design
from advisor.core.serving import Device, ServedModel, StepFit, replica_design
from advisor.core.units import MONTHS_PER_YEAR
from advisor.inputs import Setting

RETRIEVAL_TASKS = ("question_answering", "chat", "content_generation", "summarization")
LINKED_CLASSES = ("a100", "h100", "b200", "v100", "amd", "tpu", "cpu")
"""Classes whose parts talk over a fast link inside a server."""
LINKED_DEVICES, UNLINKED_DEVICES = 8, 2


class Workshop:
    """What the generators share: the case, the central design and the hardware that may be used."""

    def __init__(self, case: Case, catalog: Catalog, inputs: list[Input], setting: Setting, on: date) -> None:
        self.case, self.catalog, self.setting, self.on = case, catalog, setting, on
        self.x: Design = central_design(inputs)
        self.demand: Demand = demand_of(self.x, setting.frame)
        self.owned = {lookup.accelerator(catalog, own.accelerator).id: own.count for own in case.hardware.owned}
        self.retrieval_helps = case.use_case.task in RETRIEVAL_TASKS

    def central(self, name: str) -> float:
        """The central value of an input."""
        return float(self.x[name][0])

    def fit(self) -> StepFit:
        """The coefficients of the decode step at their central values."""
        return StepFit(
            fixed_s=self.central("decode_fixed_s"),
            per_sequence_s=self.central("decode_per_sequence_s"),
            bandwidth_efficiency=self.central("decode_bandwidth_efficiency_fraction"),
            compute_efficiency=self.central("decode_compute_efficiency_fraction"),
            prefill_efficiency=self.central("prefill_efficiency_fraction"),
        )

    def usable_parts(self) -> list[AcceleratorRow]:
        """Parts that are owned, or that can be rented (cloud) or bought at a known price (premises)."""
        bought = self.setting.on_premises
        return [
            part
            for part in self.catalog.accelerators
            if part.id in self.owned
            or (part.mfu_class != "cpu" and (part.purchase_usd if bought else part.rental_usd_per_hour) is not None)
        ]

    def hostings(self, model: ServedModel, *, retrieval: bool) -> Iterator[Hosting]:
        """One hosting per usable accelerator that holds the model."""
        extra = self.central("retrieval_tokens_per_request") if retrieval else 0.0
        for part in self.usable_parts():
            device = Device(part.peak_flop_per_s, part.bandwidth_bytes_per_s, part.memory_bytes)
            replica = replica_design(
                model,
                device,
                self.fit(),
                input_tokens=self.central("input_tokens_per_request") + extra,
                output_tokens=self.central("output_tokens_per_request"),
                ttft_s=self.central("ttft_ms_p95") / 1e3,
                tpot_s=self.central("tpot_ms_p95") / 1e3,
                usable_memory_fraction=self.central("usable_memory_fraction"),
                max_devices=most_devices(part),
            )
            if replica is None:
                continue
            owned = self.owned.get(part.id, 0)
            yield Hosting(
                accelerator=part.id,
                model=model,
                device=device,
                fit=self.fit(),
                replica=replica,
                bought=self.setting.on_premises or owned > 0,
                owned_devices=owned,
            )

    def cheapest(self, variants: list[Candidate]) -> list[Candidate]:
        """The variant with the lowest central cost, those that meet the latency first; empty stays empty."""

        def key(option: Candidate) -> tuple[bool, float]:
            late = option.hosting is not None and not option.hosting.replica.meets_latency
            return late, float(evaluate(option, self.x, self.demand, self.setting.frame).total[0])

        return sorted(variants, key=key)[:1]

    def mfu_input(self, accelerator: str) -> str:
        """Name of the utilisation input of an accelerator."""
        return f"mfu_fraction.{lookup.accelerator(self.catalog, accelerator).mfu_class}.full"


def most_devices(part: AcceleratorRow) -> int:
    """Devices over which one model may be spread: a server's worth where they are linked, else a pair."""
    return LINKED_DEVICES if part.mfu_class in LINKED_CLASSES else UNLINKED_DEVICES


def months_between(on: date, day: str) -> float:
    """Whole months from a day to a date text."""
    year, month = ([int(part) for part in day.split("-")] + [1])[:2]
    return float((year - on.year) * 12 + month - on.month)


def age_years(model: BaseModelRow, on: date) -> float:
    """Age of an open model at the date of the catalogue."""
    return max(0.0, -months_between(on, model.released) / MONTHS_PER_YEAR)
