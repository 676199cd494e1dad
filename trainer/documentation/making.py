"""The items on how a model was made: training process, data, compute, energy.

Enter at the functions that `items.py` names.
"""

from typing import Any

from advisor.contracts.runs import EnergyReport
from trainer.documentation.facts import (
    NOT_KNOWN,
    NOT_KNOWN_DE,
    SECONDS_PER_HOUR,
    CardFacts,
    Said,
    count_de,
    days_text,
    figure_de,
    german,
)
from trainer.energy.report import estimate_from_tdp
from trainer.live.words import duration
from trainer.measure.facts import named_part

JOULES_PER_KWH = 3.6e6
PRETRAINING = {
    "decoder": ("likelihood of the next token", "Wahrscheinlichkeit des nächsten Tokens"),
    "masked": ("likelihood of masked tokens", "Wahrscheinlichkeit verdeckter Token"),
    "seq2seq": ("likelihood of left-out spans", "Wahrscheinlichkeit ausgelassener Textstücke"),
}
AIMS = {
    "sft": ("supervised tuning: likelihood of the answers", "überwachtes Abstimmen: Wahrscheinlichkeit der Antworten"),
    "reward": (
        "reward model: order of preferred and rejected answers",
        "Belohnungsmodell: Reihenfolge bevorzugter und verworfener Antworten",
    ),
    "rl": (
        "reinforcement learning: reward, less divergence from the tuned model",
        "bestärkendes Lernen: Belohnung abzüglich der Abweichung vom abgestimmten Modell",
    ),
    "dpo": ("direct preference optimisation: preferred over rejected answers", "direkte Präferenzoptimierung"),
}
METHODS = {
    "measured_counter": ("energy counters of the devices", "Energiezähler der Geräte"),
    "measured_counter_repaired": (
        "energy counters of the devices, gaps filled from power readings",
        "Energiezähler der Geräte, Lücken aus Leistungswerten gefüllt",
    ),
    "integrated_power": ("power readings, integrated over time", "Leistungswerte, über die Zeit integriert"),
    "partial": ("readings that cover a part of the run", "Messwerte, die einen Teil des Laufs abdecken"),
    "estimated_tdp": ("estimate from the power limit", "Schätzung aus der Leistungsgrenze"),
    "unavailable": ("not measured", "nicht gemessen"),
}


def training_process(facts: CardFacts) -> Said:
    """The phases with their settings and what each optimises; reasons for choices are not in a plan."""
    start = "random weights" if facts.base_model is None else f"the weights of {facts.base_model}"
    start_de = "zufälligen Gewichten" if facts.base_model is None else f"den Gewichten von {facts.base_model}"
    lines, lines_de = [], []
    for name, settings in facts.plan.phases.model_dump(mode="json").items():
        if settings is None:
            continue
        aim, aim_de = AIMS.get(name, (name, name))
        if name == "pretrain":
            what, what_de = PRETRAINING[facts.plan.model.family]
            aim, aim_de = f"self-supervised training: {what}", f"selbstüberwachtes Training: {what_de}"
        listed = _settings(settings)
        lines.append(f"{aim} ({listed})")
        lines_de.append(f"{aim_de} ({listed})")
    revision = facts.environment.code_revision
    return Said(
        False,
        f"from {start}, seed {facts.plan.seed}: {'; '.join(lines)}; program: Richtwert {revision}; rationale of the "
        f"choices: {NOT_KNOWN}",
        f"ab {start_de}, Startwert {facts.plan.seed}: {'; '.join(lines_de)}; Programm: Richtwert {revision}; "
        f"Begründung der Wahl: {NOT_KNOWN_DE}",
    )


def data(facts: CardFacts) -> Said:
    """What was read, kept, dropped and masked, by the data card; where own text comes from its owner knows."""
    card = facts.data_card
    dropped = card.get("passages_dropped") or {}
    listed = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in dropped.items())
    train, test = card.get("train", {}), card.get("held_out_documents", {})
    looked = card.get("personal_data")
    number = sum(looked["found"].values()) if looked else 0
    found = f"{number:,} ({looked['action']})" if looked else "not looked for"
    found_de = f"{count_de(number)} ({looked['action']})" if looked else "nicht gesucht"
    origins = "; ".join(_origin(corpus) for corpus in card.get("corpora", ()))
    asked = card.get("held_out_questions")
    return Said(
        False,
        f"{facts.training_data}; origin: {origins or NOT_KNOWN}; {card.get('passages_read', 0):,} passages read, "
        f"{card.get('passages_after_cleaning', 0):,} kept; dropped: {listed or 'none'}; personal data found and "
        f"treated: {found}; held out for tests: {test.get('documents', 0):,} documents, {asked or 0:,} questions; "
        f"how own text was obtained and chosen: {NOT_KNOWN}; data card: data/data_card.json of the run",
        f"{count_de(train.get('passages', 0))} Textstücke mit {count_de(train.get('bytes', 0))} Byte nach "
        f"der Bereinigung; gelesen {count_de(card.get('passages_read', 0))}, behalten "
        f"{count_de(card.get('passages_after_cleaning', 0))}; verworfen: "
        f"{count_de(sum(dropped.values()))}; personenbezogene Angaben gefunden und behandelt: "
        f"{found_de}; zum Testen zurückgehalten: "
        f"{count_de(test.get('documents', 0))} Dokumente, {count_de(asked or 0)} Fragen; wie eigener Text "
        f"beschafft und gewählt wurde: {NOT_KNOWN_DE}; Datenblatt: data/data_card.json des Laufs",
    )


def compute(facts: CardFacts) -> Said:
    """FLOP, hours, days and hardware."""
    spent = duration(facts.hours * SECONDS_PER_HOUR)
    began, ended = facts.state.started_at, facts.created_at
    tokens = sum(phase.tokens for phase in facts.phases)
    return Said(
        True,
        f"{facts.training_flop:.3g} FLOP over {tokens:,} tokens; {spent} of work, "
        f"{days_text(began, ended, to='to', on='on')}; on {facts.hardware}; generation in reinforcement learning comes "
        "on top of the FLOP",
        f"{figure_de(facts.training_flop)} FLOP über {count_de(tokens)} Token; "
        f"{german(spent)} Arbeit, {days_text(began, ended, to='bis', on='am')}; auf {facts.hardware}; Erzeugung beim "
        "bestärkenden Lernen kommt zu den FLOP hinzu",
    )


def energy(facts: CardFacts) -> Said:
    """Measured, else estimated from the power limit, else not known: what there is then is the compute."""
    found = facts.energy
    estimate = None if found.energy_j is not None else _estimate(facts)
    if found.energy_j is None and estimate is None:
        return Said(
            False,
            f"{NOT_KNOWN}: {found.reason}; the compute above stands in for it{_host(found, de=False)}",
            f"{NOT_KNOWN_DE}: {found.reason}; an ihrer Stelle steht der Rechenaufwand oben{_host(found, de=True)}",
        )
    stated = estimate or found
    kwh = (stated.energy_j or 0.0) / JOULES_PER_KWH
    error = stated.uncertainty_fraction
    method, method_de = METHODS[stated.quality]
    band = f" ± {error:.0%}" if error is not None else ""
    why = f" ({stated.reason})" if stated.reason else ""
    return Said(
        stated.quality not in ("estimated_tdp", "partial"),
        f"{kwh:.3g} kWh{band} at the accelerators, cooling not included; method: {method}{why}{_host(found, de=False)}",
        f"{figure_de(kwh)} kWh{band.replace('%', ' %')} an den Beschleunigern, ohne Kühlung; Verfahren: "
        f"{method_de}{why}{_host(found, de=True)}",
    )


def _estimate(facts: CardFacts) -> EnergyReport | None:
    """By the catalogue's power limit of the accelerators that ran; none on a processor or an unknown device."""
    names = facts.environment.accelerators
    parts = [named_part(name) for name in names]
    limits = [part.tdp_w for part in parts if part is not None and part.tdp_w]
    hours_s = facts.hours * SECONDS_PER_HOUR
    if not names or len(limits) < len(names) or hours_s <= 0:
        return None
    return estimate_from_tdp(hours_s, tdp_w=sum(limits) / len(limits), num_devices=len(names))


def _host(found: EnergyReport, *, de: bool) -> str:
    if found.host is None or found.host.energy_j is None:
        return ""
    kwh = found.host.energy_j / JOULES_PER_KWH
    if de:
        return f"; daneben Prozessor und Speicher, alle Programme der Maschine: {figure_de(kwh)} kWh"
    return f"; beside it processor and memory, all programs of the machine: {kwh:.3g} kWh"


def _settings(settings: dict[str, Any]) -> str:
    """Every setting that is stated, in the plan's own words."""
    parts = []
    for name, value in settings.items():
        if isinstance(value, dict):
            parts.append(f"{name}: {_settings(value)}")
        elif value is not None and not isinstance(value, list):
            parts.append(f"{name} {value}")
    return ", ".join(parts)


def _origin(corpus: dict[str, Any]) -> str:
    if corpus.get("kind") == "python_reference":
        return "the Python language reference that every interpreter carries"
    stated = [str(corpus[name]) for name in ("source", "licence") if corpus.get(name)]
    return f"{corpus.get('path', NOT_KNOWN)} ({', '.join(stated) or f'source and licence {NOT_KNOWN}'})"
