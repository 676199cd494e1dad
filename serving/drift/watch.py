"""The comparison of `serving drift`, made again and again by a running server. Enter at `DriftWatch`.

What it finds outside its band stands in the server's figures for Prometheus, and as alerts in `alerts.jsonl` beside the
records.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from advisor.contracts.errors import BadInput
from serving.drift.report import DriftReport
from serving.drift.run import DriftSettings, drift
from serving.metrics import Metrics

DAYS = 7.0
"""The last days are held against all before, as `serving drift` does by default."""
log = logging.getLogger("serving.drift")


class DriftWatch:
    """Looks at the records of one server."""

    def __init__(self, records: Path, *, every_s: float) -> None:
        self.records = records
        self.every_s = every_s

    async def run(self, models: Sequence[str], metrics: Metrics) -> None:
        """Compare, wait, and so on until cancelled; a round that fails is logged, and the next one comes."""
        while True:
            for model in models:
                try:
                    report = await asyncio.to_thread(self.look, model)
                except Exception:  # the server outlives its watch
                    log.exception("drift of %s could not be looked at", model)
                    report = None
                metrics.show_drift(model, report)
            await asyncio.sleep(self.every_s)

    def look(self, model: str) -> DriftReport | None:
        """One comparison; None where there is nothing to compare yet."""
        settings = DriftSettings(
            records=self.records,
            baseline=None,
            assessment=None,
            option_id=None,
            model=model,
            days=DAYS,
            output=self.records / "alerts.jsonl",
        )
        try:
            return drift(settings)
        except BadInput as error:
            log.info("no drift of %s: %s", model, error)
            return None
