"""`make demo`: the whole loop on this machine, from a use case to a corrected decision.

Enter at `main`. Every step is a command that a user could type; the transcript names it. Results lie under
runs/demo/; an earlier demo is kept under another name.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from advisor.contracts.assessment import Assessment
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.errors import Failed
from advisor.exits import exit_code
from advisor.files import read_contract
from advisor.processes import Service, free_port, run_program

EXAMPLES = (
    "insurer_claims_letters",
    "shop_product_texts",
    "law_publisher",
    "machine_builder_service_desk",
)
DEMO_CASE = "python_help_desk"
STAND_IN_PHASE = "pretrain"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the loop and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m advisor.demo", description="the whole loop on this machine")
    parser.add_argument("--output", type=Path, default=Path("runs/demo"), help="directory of the results")
    parser.add_argument("--examples", type=Path, default=Path("data/examples"), help="directory of the cases")
    arguments = parser.parse_args(argv)
    return exit_code(lambda: _Demo(arguments.output, arguments.examples).run())


class _Demo:
    """The steps of the demo and the time each took."""

    def __init__(self, output: Path, examples: Path) -> None:
        self.output, self.examples = output, examples
        self.console = Console()
        self.times: list[tuple[str, float]] = []

    def run(self) -> int:
        start = time.monotonic()
        self._keep_earlier_demo()
        assessments = self.output / "assessments"
        first, second = self.output / "assessment.json", self.output / "assessment_measured.json"
        run_report, baseline = self.output / "run_report.json", self.output / "baseline_report.json"

        cases = [str(self.examples / f"{name}.yaml") for name in EXAMPLES]
        self._step("Assess four companies", ["advisor", "assess", *cases])
        quiet = ["--format", "markdown", "--output", str(assessments)]
        self._step("Write the same as reports", ["advisor", "assess", *cases, *quiet])
        demo_case = str(self.examples / f"{DEMO_CASE}.yaml")
        self._step("Assess the help desk", ["advisor", "assess", demo_case, "--format", "json", "--output", str(first)])
        option = self._trainable_option(first)
        plan = str(self.output / "plan")
        handoff = ["advisor", "handoff", str(first), "--option", option, "--output", plan]
        self._step("Hand over the pilot of an own model", handoff)
        self._step("Train, tune, reward, reinforce, evaluate", ["trainer", "run", plan, "--output", str(self.output)])
        self._compare(option, baseline)
        measured = ["--measurements", str(run_report), str(baseline)]
        self._step("Assess again with what was measured", ["advisor", "assess", demo_case, *measured])
        self._step(
            "Keep the corrected decision",
            ["advisor", "assess", demo_case, *measured, "--format", "json", "--output", str(second)],
        )
        self._summary(first, second, baseline, time.monotonic() - start)
        return 0

    def _keep_earlier_demo(self) -> None:
        if not self.output.exists():
            return
        number = 1
        while (kept := self.output.with_name(f"{self.output.name}-{number}")).exists():
            number += 1
        self.output.rename(kept)
        self.console.print(f"an earlier demo is kept in {kept}")

    def _step(self, title: str, command: list[str]) -> None:
        self.console.rule(f"[bold]{title}")
        self.console.print(f"$ {' '.join(command)}", style="cyan", highlight=False, soft_wrap=True)
        begun = time.monotonic()
        run_program(command)
        self.times.append((title, time.monotonic() - begun))

    @staticmethod
    def _trainable_option(path: Path) -> str:
        """The from-scratch option: the one whose model needs no download."""
        options = read_contract(path, Assessment).options
        return next(option.id for option in options if option.kind == "from_scratch")

    def _compare(self, option: str, report: Path) -> None:
        """Serve two checkpoints, talk to one through the openai client, put the held-out questions to both."""
        ports = free_port(), free_port()
        models = self.output / "model", self.output / "phases" / STAND_IN_PHASE / "model"
        services: list[Service] = []
        try:
            for port, model, name in zip(ports, models, ("in-house", "stand-in"), strict=True):
                command = ["serving", "up", str(model), "--name", name, "--port", str(port)]
                self.console.print(f"$ {' '.join(command)} &", style="cyan", highlight=False, soft_wrap=True)
                log = self.output / "logs" / f"serving_{name}.log"
                services.append(Service(command, health_url=f"http://127.0.0.1:{port}/health", log=log))
            for service in services:
                service.wait_until_healthy()
            self._talk(ports[0])
            urls = [f"http://127.0.0.1:{port}/v1" for port in ports]
            self._step(
                "Compare on held-out questions (the second endpoint is a local stand-in: an earlier checkpoint)",
                [
                    *("advisor", "baseline", "run", str(self.output / "suite.jsonl"), "--output", str(report)),
                    *("--target", f"in-house={urls[0]},model=in-house,role=in_house,option={option}"),
                    *("--target", f"stand-in={urls[1]},model=stand-in,role=proprietary,stand_in=true"),
                ],
            )
        finally:
            for service in services:
                service.stop()

    def _talk(self, port: int) -> None:
        """Models, one chat and one stream through the real client."""
        from openai import OpenAI

        self.console.rule("[bold]Talk to the served model through the openai client")
        client = OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="unused", max_retries=1)
        name = client.models.list().data[0].id
        question = "Which section explains the while statement?"
        answer = client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": question}], max_tokens=24, temperature=0
        )
        stream = client.chat.completions.create(
            model=name, messages=[{"role": "user", "content": question}], max_tokens=24, temperature=0, stream=True
        )
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        if streamed != (answer.choices[0].message.content or ""):
            raise Failed(f"the streamed answer differs from the plain one: {streamed!r}")
        self.console.print(f"{name}: {question} -> {streamed!r}", highlight=False)

    def _summary(self, first: Path, second: Path, baseline: Path, seconds: float) -> None:
        before, after = read_contract(first, Assessment), read_contract(second, Assessment)
        compared = read_contract(baseline, BaselineReport)
        self.console.rule("[bold]Done")
        for title, took in self.times:
            self.console.print(f"{took:7.1f} s  {title}", highlight=False)
        self.console.print(f"{seconds:7.1f} s  in all\n", highlight=False)
        for result in compared.results:
            score = next(score for score in result.scores if score.name == result.primary)
            label = " (stand-in)" if result.target.stand_in else ""
            text = f"{result.target.name}{label}: {score.name} {score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"
            self.console.print(text + f", n={score.n}", highlight=False)
        self.console.print(f"advice before: {before.recommendation.headline}", highlight=False)
        self.console.print(f"advice after:  {after.recommendation.headline}\n", highlight=False)
        for what, where in (
            ("reports on four companies", "assessments/"),
            ("plan", "plan/plan.yaml"),
            ("model and model card", "model/"),
            ("training report", "report.md"),
            ("loss plot", "plots/loss.png"),
            ("comparison", "baseline_report.md"),
            ("corrected decision", "assessment_measured.json"),
        ):
            path = self.output / where
            if not path.exists():
                raise Failed(f"{path} was not written")
            self.console.print(f"  {what}: {path}", highlight=False)
        self.console.print("next: `make up` starts the API, the model and the dashboard")


if __name__ == "__main__":
    sys.exit(main())
