"""Energy in words for people: with its error, and with no more digits than a sensor is good for.

Enter at `energy_text`.
"""

from advisor.contracts.runs import EnergyReport, HostEnergy


def energy_text(energy: EnergyReport) -> str:
    """The accelerators' energy with its stated error, or why it is not known."""
    if energy.energy_j is None:
        return f"not known: {energy.reason}"
    error = energy.uncertainty_fraction
    return joules(energy.energy_j) + (f" ± {error:.0%}" if error is not None else "")


def host_text(host: HostEnergy) -> str:
    """Energy of processor and memory, or why it is not known."""
    return f"not known: {host.reason}" if host.energy_j is None else f"{joules(host.energy_j)} ({host.quality})"


def joules(energy_j: float) -> str:
    """Three digits."""
    value = float(f"{energy_j:.3g}")
    return f"{value:,.0f} J" if value >= 100 else f"{value:g} J"
