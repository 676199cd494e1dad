"""Accelerators: every published spelling leads to its part, and no printed rate is taken for another one."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import accelerator, parameter

PUBLISHED = {
    "2S Xeon 6 Granite Rapids (CPU)": "xeon-6-granite-rapids-128c",
    "2S Xeon 6 Granite Rapids 128C (CPU)": "xeon-6-granite-rapids-128c",
    "A100": "a100-sxm-80gb",
    "A100 80GB": "a100-sxm-80gb",
    "A100-40GB-SXM": "a100-sxm-40gb",
    "A100-80GB": "a100-sxm-80gb",
    "A100-80GB-SXM": "a100-sxm-80gb",
    "A100-SXM-80GB": "a100-sxm-80gb",
    "A10G-24GB": "a10g-24gb",
    "A40 48GB": "a40-48gb",
    "AMD Radeon AI PRO R9700 32GB": "radeon-ai-pro-r9700-32gb",
    "B200-180GB": "b200-sxm-180gb",
    "B200-180GB (preview)": "b200-sxm-180gb",
    "B200-180GB-SXM": "b200-sxm-180gb",
    "B200-SXM-180GB": "b200-sxm-180gb",
    "DGX Spark (GB10)": "dgx-spark-gb10",
    "GB200": "gb200-186gb",
    "GB200-186GB": "gb200-186gb",
    "GB300": "gb300-279gb",
    "GB300-288GB": "gb300-279gb",
    "GCP c3-highcpu-44 Sapphire Rapids (CPU, 22 threads)": "gcp-c3-highcpu-44",
    "GH200-144GB": "gh200-141gb",
    "GH200-96GB": "gh200-96gb",
    "H100 PCIe 80GB": "h100-pcie-80gb",
    "H100-80GB-SXM": "h100-sxm-80gb",
    "H100-96GB-HBM2e-500W": "h100-sxm-96gb-hbm2e",
    "H100-SXM-80GB": "h100-sxm-80gb",
    "H200-141GB-SXM": "h200-sxm-141gb",
    "H200-SXM-141GB": "h200-sxm-141gb",
    "H200-SXM-141GB (CTS, 1000W)": "h200-sxm-141gb-cts",
    "H200-SXM-141GB (MaxQ)": "h200-sxm-141gb-maxq",
    "H800": "h800-sxm-80gb",
    "H800-80GB-SXM": "h800-sxm-80gb",
    "Intel Arc Pro B60": "arc-pro-b60-24gb",
    "Intel i9-13900K, DDR5-6400 (CPU, 8 threads)": "i9-13900k-ddr5-6400",
    "Jetson AGX Orin": "jetson-agx-orin-64gb",
    "L40S-48GB": "l40s-48gb",
    "M2 Ultra 76-Core GPU 192GB": "m2-ultra-76c-192gb",
    "M1 Max 24-Core GPU 32GB": "m1-max-24c-32gb",
    "M2 16GB": "m2-10c-16gb",
    "M3 Max 40-Core GPU 48GB": "m3-max-40c-48gb",
    "M3 Max 40-Core GPU 64GB": "m3-max-40c-64gb",
    "M3 Ultra 512GB": "m3-ultra-80c-512gb",
    "MI250X": "mi250x",
    "MI300X-192GB": "mi300x-192gb",
    "MI325X-256GB": "mi325x-256gb",
    "MI355X-288GB": "mi355x-288gb",
    "RTX 3090 24GB": "rtx-3090-24gb",
    "RTX 4090 24GB": "rtx-4090-24gb",
    "RTX 6000 Ada 48GB": "rtx-6000-ada-48gb",
    "RTX PRO 6000 Blackwell 96GB": "rtx-pro-6000-blackwell-96gb",
    "RTX PRO 6000 Blackwell SE": "rtx-pro-6000-blackwell-se-96gb",
    "RTX4090-24GB": "rtx-4090-24gb",
    "TPUv3": "tpu-v3",
    "TPUv4": "tpu-v4",
    "V100-32GB-SXM2": "v100-sxm2-32gb",
}
"""Spellings of published training and serving results."""
OWNED = "T4|A10|A30|A40|L40|H20|A800|H100 NVL|H200 NVL|A100 PCIe 40GB|RTX 3080|RTX 4080|RTX 5090|RTX A5000"
OWNED += "|MI210|MI250|MI250X GCD|Gaudi 2|Gaudi 3|TPU v2|TPU v6e|Trainium2|P100|B300|A100-64GB|H100-64GB"
DATA_CENTRE = ("h100", "b200")
"""Utilisation classes of the NVIDIA data-centre parts that have FP8."""
ULTRA = ("b300-sxm-270gb", "gb300-279gb")
"""Blackwell Ultra: FP4 raised beyond four times, INT8 cut to next to nothing."""


def parts():
    return load_catalog().accelerators


@pytest.mark.parametrize(("spelling", "part"), PUBLISHED.items())
def test_a_spelling_of_a_published_result_leads_to_its_part(spelling, part):
    assert accelerator(load_catalog(), spelling).id == part


@pytest.mark.parametrize("name", OWNED.split("|"))
def test_parts_that_companies_own_are_known(name):
    assert accelerator(load_catalog(), name).peak_flop_per_s > 0


def test_no_sixteen_bit_peak_is_a_rate_with_sparsity():
    """1,979 (H100), 624 (A100), 4,500 (B200) and 2,614 (MI300X) are printed for 16 bits by sheets that add sparsity."""
    peaks = {row.id: row.peak_flop_per_s / 1e12 for row in parts()}
    assert not {name: peak for name, peak in peaks.items() if round(peak) in (624, 1513, 1671, 1979, 2614, 4500, 5000)}
    assert max(peaks.values()) == 2500


def test_eight_and_four_bit_peaks_of_data_centre_parts_are_two_and_four_times_the_sixteen_bit_ones():
    rows = [row for row in parts() if row.mfu_class in DATA_CENTRE]
    assert len(rows) >= 12
    assert all(row.peak_fp8_flop_per_s == pytest.approx(2 * row.peak_flop_per_s, rel=0.02) for row in rows)
    four_bit = {row.id: row.peak_fp4_flop_per_s / row.peak_flop_per_s for row in rows if row.peak_fp4_flop_per_s}
    assert four_bit.keys() == {"b200-sxm-180gb", "gb200-186gb", *ULTRA}
    assert all(ratio == pytest.approx(4, rel=0.02) for part, ratio in four_bit.items() if part not in ULTRA)
    assert all(5.8 <= four_bit[part] <= 6.0 for part in ULTRA)


def test_eight_bit_integers_are_at_least_as_fast_as_sixteen_bits_save_on_the_ultra_parts():
    """Integers run at once or twice the rate, four times on GeForce cards, whose FP32 accumulation is halved."""
    ratios = {row.id: row.peak_int8_op_per_s / row.peak_flop_per_s for row in parts() if row.peak_int8_op_per_s}
    assert len(ratios) >= 30
    assert all(0.99 < ratio < 4.05 for part, ratio in ratios.items() if part not in ULTRA)
    assert all(ratios[part] < 0.1 for part in ULTRA)


def test_parts_without_the_unit_have_no_rate_for_it():
    catalog = load_catalog()
    for name in ("A100", "V100", "MI250X", "T4", "P100"):
        assert accelerator(catalog, name).peak_fp8_flop_per_s is None, name
    assert accelerator(catalog, "H100").peak_fp4_flop_per_s is None


def test_links_are_those_of_the_server_and_not_of_a_card():
    catalog = load_catalog()
    links = {name: accelerator(catalog, name).link_bytes_per_s for name in ("V100", "A100", "H100", "B200", "GB300")}
    assert links == {"V100": 300e9, "A100": 600e9, "H100": 900e9, "B200": 1.8e12, "GB300": 1.8e12}
    assert accelerator(catalog, "H800").link_bytes_per_s == 400e9
    for name in ("A100 PCIe 80GB", "H100 PCIe", "L40S", "RTX 4090", "T4", "cpu"):
        assert accelerator(catalog, name).link_bytes_per_s is None, name


def test_a_die_of_a_module_is_half_of_it():
    module, die = (accelerator(load_catalog(), name) for name in ("MI250X", "MI250X GCD"))
    for field in ("peak_flop_per_s", "memory_bytes", "bandwidth_bytes_per_s", "tdp_w", "link_bytes_per_s"):
        assert getattr(module, field) == 2 * getattr(die, field), field


def test_a_processor_says_what_one_count_of_it_is():
    machines = [row for row in parts() if row.mfu_class in ("cpu", "apple")]
    assert len(machines) >= 6
    assert all("one count is " in row.note for row in machines)


def test_every_class_has_a_prior_of_its_utilisation():
    catalog = load_catalog()
    for part_class in {row.mfu_class for row in parts()}:
        prior = parameter(catalog, f"mfu_fraction.{part_class}.full")
        assert 0 < prior.low < prior.central < prior.high < 1


def test_what_can_be_bought_is_written_off_over_years():
    rows = [row for row in parts() if row.purchase_usd is not None]
    assert rows and all(row.lifetime_years is not None for row in rows)
    assert all(2 <= row.lifetime_years.low <= row.lifetime_years.high <= 8 for row in parts() if row.lifetime_years)
