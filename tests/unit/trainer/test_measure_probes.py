"""The probes of `trainer measure` against independent reckonings: a product timed by hand, FLOPs counted by torch."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import TrainerControl

from advisor.contracts.plan import Architecture
from trainer.energy import Meter
from trainer.energy.source import Device, NullSource
from trainer.measure.decode import decode_probe
from trainer.measure.device import DTYPES, product_format, this_device
from trainer.measure.idle import IDLE_S, idle_power
from trainer.measure.kernels import bandwidth_probe, matmul_probe
from trainer.measure.models import built, described
from trainer.measure.shapes import matmul_estimate
from trainer.measure.timing import Budget, repeated, spread_fraction
from trainer.measure.training import StepClock, training_probe
from trainer.sizes import architecture_parameters

TINY = Architecture(
    vocab_size=64, hidden_size=32, num_layers=2, num_heads=2, num_kv_heads=2, ffn_size=48, context_tokens=32
)
NOTHING = Meter(NullSource("no meter in this test"))


@pytest.fixture(scope="module")
def device():
    return this_device()


@pytest.fixture(scope="module")
def model():
    return built(TINY)


def rates(action, amount, times=15):
    """Slowest and fastest rate of some runs by the wall clock; other work of the machine falls on both sides alike."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - begun)
    return amount / max(seconds), amount / min(seconds)


def test_the_matrix_rate_is_that_of_a_product_timed_by_hand(device):
    """Twice n cubed over the time of one product; never half as fast again as the fastest seen by hand."""
    found = matmul_probe(device, "fp32", share_s=0.3)
    left = torch.randn(found.num_rows, found.num_rows, device=device.torch_device)

    def multiply():
        torch.mm(left, left)
        device.synchronize()

    slowest, fastest = rates(multiply, 2 * found.num_rows**3)
    assert slowest / 4 < found.flop_per_s < 1.5 * fastest
    assert found.num_repeats >= 3


def test_copied_bytes_count_twice_read_and_written(device):
    found = bandwidth_probe(device, share_s=0.2)
    source = torch.ones(found.size_bytes, dtype=torch.uint8, device=device.torch_device)
    target = torch.empty_like(source).copy_(source)

    def copy():
        target.copy_(source)
        device.synchronize()

    slowest, fastest = rates(copy, 2 * found.size_bytes)
    assert slowest / 4 < found.bytes_per_s < 1.5 * fastest


def test_training_flop_per_token_are_those_that_torch_counts_but_for_attention():
    """6 per parameter in matrix products; on top come 12 L h s of attention (2 s h twice forward, twice that backward).

    torch counts each product of forward and backward. The batch is 2 x 16 tokens, so attention adds 12 x 2 x 32 x 16.
    """
    model = built(TINY)
    model.set_attn_implementation("eager")
    ids = torch.randint(TINY.vocab_size, (2, 16))
    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids, labels=ids).loss.backward()
    stated = 6.0 * described(model, TINY, "fp32").matmul_parameters
    norms = (2 * TINY.num_layers + 1) * TINY.hidden_size
    assert described(model, TINY, "fp32").matmul_parameters == matmul_estimate(TINY) - norms
    assert counter.get_total_flops() / 32 == pytest.approx(stated + 12 * 2 * 32 * 16, rel=0.01)


def test_a_training_probe_counts_its_tokens_by_the_clock(device, model):
    """Steps of 2 x 16 tokens: rate, duration and number of steps describe the same stretch of time."""
    found = training_probe(
        model, described(model, TINY, "fp32"), device=device, meter=NOTHING, batch=(2, 16), share_s=0.5
    )
    assert found.steps >= 1
    assert found.duration_s < 5
    assert found.steps * 32 / found.duration_s == pytest.approx(found.tokens_per_s, rel=0.9)
    assert found.flop_per_s == pytest.approx(found.tokens_per_s * found.training_flop_per_token)
    assert found.energy.energy_j is None and "no meter in this test" in found.energy.reason


def test_training_that_does_not_fit_into_the_time_gives_no_figure(device, model):
    nothing = training_probe(
        model, described(model, TINY, "fp32"), device=device, meter=NOTHING, batch=(2, 16), share_s=1e-6
    )
    assert nothing is None


def test_answers_stay_within_the_context_and_their_rates_are_positive(device, model):
    found = decode_probe(
        model.to(device.torch_device).eval(),
        described(model, TINY, "fp32"),
        device=device,
        meter=NOTHING,
        rows=3,
        context_tokens=TINY.context_tokens,
        share_s=0.5,
    )
    assert found.prompt_tokens + found.output_tokens <= TINY.context_tokens
    assert found.batch_sequences == 3 and found.num_repeats >= 1
    assert found.output_tokens_per_s > 0 and found.prefill_tokens_per_s > 0


def test_an_answer_that_does_not_fit_into_the_time_gives_no_figure(device, model):
    nothing = decode_probe(
        model.to(device.torch_device).eval(),
        described(model, TINY, "fp32"),
        device=device,
        meter=NOTHING,
        rows=1,
        context_tokens=32,
        share_s=0.0,
    )
    assert nothing is None


class Steady:
    """A device that draws 70 W, on a clock that moves when somebody waits."""

    def __init__(self, scope="gpu"):
        self.now_s = 0.0
        self.scope = scope
        self.reason = "" if scope == "gpu" else "no NVIDIA driver"
        self.host_reason = "" if scope == "cpu" else "no counter"

    def devices(self):
        return (Device("X-1", "Steady", scope=self.scope, power_limit_w=300.0),)

    def read_counter_mj(self, device):
        return round(self.now_s * 70_000)

    def read_power_mw(self, device):
        return 70_000

    def close(self):
        pass


@pytest.mark.parametrize(("scope", "boundary"), [("gpu", "accelerators"), ("cpu", "processors")])
def test_idle_power_is_the_mean_over_ten_seconds_of_waiting(scope, boundary):
    source = Steady(scope)
    waited = []

    def wait(seconds):
        waited.append(seconds)
        source.now_s += seconds

    found = idle_power(Meter(source, clock=lambda: source.now_s, poll_s=0), wait=wait)
    assert waited == [IDLE_S]
    assert found.power_w == pytest.approx(70.0, rel=0.01) and found.boundary == boundary
    assert found.duration_s == pytest.approx(10.0)


def test_without_a_power_source_idle_power_is_none_at_once_with_the_reason():
    found = idle_power(NOTHING, wait=lambda _: pytest.fail("nothing to wait for"))
    assert found.power_w is None and "no meter in this test" in found.reason and found.duration_s == 0


def test_repeats_end_with_their_share_of_time_but_not_before_the_least_number():
    """An action of one second by a clock that it moves itself: 3.5 s allow four; no time at all still gives three."""
    now = [0.0]

    def action():
        now[0] += 1.0

    def times(share_s):
        return repeated(action, synchronize=lambda: None, share_s=share_s, clock=lambda: now[0]).times_s

    assert times(3.5) == (1.0,) * 4
    assert times(0.0) == (1.0,) * 3


def test_the_spread_is_the_distance_of_the_quartiles_over_the_median():
    """1, 2, 3, 4, 5: quartiles 2 and 4, median 3."""
    assert spread_fraction([5.0, 1.0, 3.0, 2.0, 4.0]) == pytest.approx(2 / 3)
    assert spread_fraction([1.0, 2.0, 3.0]) is None


def test_a_budget_gives_shares_of_what_is_left():
    now = [10.0]
    budget = Budget(end_s=70.0, clock=lambda: now[0])
    assert budget.share(0.5) == 30.0
    now[0] = 100.0
    assert budget.left_s == 0.0


def test_a_size_by_its_figures_has_the_parameters_that_its_formula_says(model):
    assert sum(parameter.numel() for parameter in model.parameters()) == architecture_parameters(TINY)


def test_the_format_of_products_is_put_back():
    before = torch.backends.cuda.matmul.fp32_precision
    with product_format("tf32") as dtype:
        assert dtype is DTYPES["tf32"] and torch.backends.cuda.matmul.fp32_precision == "tf32"
    assert torch.backends.cuda.matmul.fp32_precision == before


class Accelerator:
    """Stands for a CUDA device in the clock of the steps: it counts how often somebody waited for it."""

    is_cuda = True

    def __init__(self):
        self.waits = 0

    def synchronize(self):
        self.waits += 1


def test_steps_of_an_accelerator_are_timed_in_blocks_that_wait_for_it_once():
    """Steps of 0.25 s, blocks of about a second: four steps. 8 s hold two steps of warm-up and seven blocks."""
    now = [0.0]
    device, control = Accelerator(), TrainerControl()
    clock = StepClock(device, NOTHING, 8.0, clock=lambda: now[0])
    clock.on_train_begin(None, None, control)
    steps = 0
    while not control.should_training_stop:
        now[0] += 0.25
        steps += 1
        clock.on_step_end(None, None, control)
    clock.close()
    assert clock.block_steps == 4 and steps == 2 + 4 * 7
    assert clock.times_s == [0.25] * 7 and clock.duration_s == pytest.approx(7.0)
    assert device.waits == 2 + 7


def test_a_cuda_device_is_known_by_name_memory_and_uuid(monkeypatch):
    properties = SimpleNamespace(name="NVIDIA H100 80GB HBM3", total_memory=85_000_000_000, uuid="1234-ab")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: properties)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    found = this_device()
    assert (found.name, found.uuid, found.num_visible) == ("NVIDIA H100 80GB HBM3", "GPU-1234-ab", 2)
    assert found.precisions == ("fp32", "tf32", "bf16", "fp16") and found.training_precision == "bf16"


def test_a_directory_is_described_by_its_own_weights(model, tmp_path):
    model.save_pretrained(tmp_path)
    loaded = built(Path(tmp_path))
    assert described(loaded, tmp_path, "fp32").parameters == architecture_parameters(TINY)
