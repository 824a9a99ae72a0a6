"""Speed and memory, from the files of the benchmarks."""

import json
import re
import statistics

import numpy as np

from tests.numbers.files import DOCS, ROOT, benchmark, page, table_rows


def test_speeds_are_those_of_the_benchmarks():
    measured = benchmark("compiled_op")
    for case in {row["case"] for row in measured["times"]}:
        ratios = {(row["pass"], row["side"]): row["ratio"] for row in measured["times"] if row["case"] == case}
        columns = [(p, s) for p in ("forward", "forward + backward") for s in ("composite", "composite, XLA")]
        way, kernel, shape = re.fullmatch(r"(.*), (K=\d), (\(.*\))", case).groups()
        (row,) = table_rows("speed", f"{shape.replace(',', ', ')}, {way}, {kernel}")
        np.testing.assert_allclose([float(cell) for cell in row], [ratios[c] for c in columns], atol=0.051)
    names = {"compiled": "compiled op", "composite": "composite", "composite, XLA": "composite with XLA"}
    for step in benchmark("training_step")["results"]:
        if step["side"] in names:
            expected = [f"{step['ratio']:.2f}", f"{step['first_step_s']:.0f} s"]
            assert expected in table_rows("speed", names[step["side"]])
    names = {
        "bilinear, float32": "bilinear upsampling and max-pooling",
        "a2u, compiled, float32": "A2U with the compiled op",
        "a2u, composite, float32": "A2U by the composite",
    }
    for step in benchmark("matting_step")["results"]:
        expected = [f"{step['ratio']:.2f}", f"{step['first_s']:.0f} s", f"{step['peak_mb']:,} MB"]
        assert expected in table_rows("speed", names[step["side"]])
    kept = {row["side"]: row for row in benchmark("kept_for_backward")["results"]}
    text = page("speed")
    assert f"keep {kept['compiled']['kept_mb']:.0f} MB of one picture" in text
    assert f"by plain operations {kept['composite']['kept_mb']:.0f} MB" in text
    assert f"came in, of {kept['compiled']['features_mb']:.0f} MB" in text
    now = {row["what"]: row["measured"] for row in benchmark("goals")["results"]}
    step, prediction = now["training step, A2U now / before"], now["prediction at width 0.25, A2U now / before"]
    assert f"a step takes {step:.2f}, a prediction at a quarter of the width {prediction:.2f} of the time" in text


def test_what_runs_without_the_ops_takes_as_long_as_it_stands_there():
    cases = {
        case["case"]: {row["side"]: row for row in case["results"]} for case in benchmark("portable_since")["cases"]
    }
    ratios = [sides["now"]["ratio"] for sides in cases.values()]
    assert f"takes {min(ratios):.2f} to {max(ratios):.2f} of the time" in page("speed")
    first = {age: row["first_s"] for age, row in cases["TensorFlow, training step"].items()}
    assert f"{first['now']:.0f} s where it took {first['older']:.0f} s" in page("speed")
    assert all(
        sides["now"]["first_s"] < sides["older"]["first_s"] + 0.5
        for name, sides in cases.items()
        if "step" in name and name != "TensorFlow, training step"
    )


def test_matting_speeds_are_those_of_the_benchmark():
    names = {
        "bilinear and max-pooling": "bilinear upsampling and max-pooling",
        "A2U dynamic cs, compiled": "A2U, compiled",
        "A2U dynamic cs, composite": "A2U, composite",
    }
    measured = benchmark("matting_inference")
    assert measured["size"] == 512
    for row in measured["results"]:
        assert [f"{row['ratio']:.2f}", f"{row['peak_mb']:,} MB"] in table_rows("speed", names[row["side"]])


def test_speeds_beside_pytorch_are_those_of_the_benchmark():
    names = {
        "ours": "Keras, compiled op, float32",
        "ours, bfloat16": "Keras, compiled op, bfloat16",
        "PyTorch, eager": "PyTorch, eager, float32",
        "PyTorch, eager, bfloat16": "PyTorch, eager, bfloat16",
        "PyTorch, torch.compile": "PyTorch, `torch.compile`",
        "PyTorch by unfold, eager": "PyTorch by `unfold`, eager",
        "PyTorch by unfold, torch.compile": "PyTorch by `unfold`, `torch.compile`",
    }
    measured = benchmark("matting_peer")
    assert (measured["size"], measured["width"]) == (512, 1)
    for row in measured["results"]:
        assert table_rows("speed", names[row["side"]]) == [[f"{row['ratio']:.2f}", f"{row['peak_mb']:,} MB"]]


def test_switches_gain_what_the_benchmarks_say():
    def by_side(name, column):
        return {row.get("side") or row["program"]: row[column] for row in benchmark(name)["results"]}

    goals = {row["what"]: row["measured"] for row in benchmark("goals")["results"]}
    prediction, step = by_side("matting_inference", "median_ms"), by_side("matting_step", "median_ms")
    times, held = by_side("matting_peer", "median_ms"), by_side("matting_peer", "peak_mb")
    factors = [
        prediction["A2U dynamic cs, compiled"] / prediction["A2U dynamic cs, composite"],
        step["a2u, compiled, float32"] / step["a2u, composite, float32"],
        times["ours, bfloat16"] / times["ours"],
        goals["training step, A2U now / before"],
        goals["prediction at width 0.25, A2U now / before"],
    ]
    text = (DOCS / "performance.md").read_text()
    assert re.findall(r"\| (\d\.\d\d) \|", text) == [f"{factor:.2f}" for factor in factors]
    peaks, kept = by_side("matting_inference", "peak_mb"), by_side("kept_for_backward", "kept_mb")
    above = by_side("start", "above_import_s")
    for phrase in (
        f"{100 * held['ours, bfloat16'] / held['ours'] - 100:.0f} % more memory",
        f"from {peaks['A2U dynamic cs, composite']} MB down to {peaks['A2U dynamic cs, compiled']} MB",
        f"keep {kept['compiled']:.0f} MB of A2U's four stages where plain operations keep {kept['composite']:.0f} MB",
        f"{above['first training step, A2U']:.0f} s above the import of TensorFlow",
        f"upsampling takes {above['first training step, bilinear']:.0f} s. A matte from the shell takes "
        f"{above['a2u matte']} s above it",
        f"A2U costs {100 * goals['prediction, A2U / bilinear'] - 100:.0f} % of a prediction",
        f"and {100 * goals['training step, A2U / bilinear'] - 100:.0f} % of a training step",
    ):
        assert phrase in page("performance")


def test_growth_is_that_of_the_pixels():
    rows = [row for row in benchmark("growth")["results"] if row["megapixels"] > 1]
    assert {row["megapixels"] > 12 for row in rows} == {row["batch"] == 8 for row in rows} == {True, False}
    times = [row["time_per_pixel"] for row in rows]
    assert max(abs(time / statistics.median(times) - 1) for time in times) < 0.1
    for single in (True, False):  # pictures that grow, and pictures that become more
        memory = [row["memory_per_pixel"] for row in rows if (row["batch"] == 1) is single]
        assert max(memory) < 1.05 * memory[0] < 1.05
    small = [row["time_per_pixel"] for row in benchmark("growth")["results"] if row["megapixels"] < 1]
    assert len(small) == 2
    assert max(small) < 1.27 * min(times)  # "a quarter"


def test_large_pictures_are_those_of_the_benchmark():
    text = (DOCS / "command_line.md").read_text()
    rows = benchmark("large_pictures")["results"]
    for size in {row["size"] for row in rows}:
        cells = [f"{r['seconds']:.0f} s, {r['peak_mb'] / 1024:.1f} GiB" for r in rows if r["size"] == size]
        assert f"| {size.replace('x', ' x ')} | {' | '.join(cells)} |" in text


def test_costs_of_the_unet_are_those_of_the_benchmark():
    measured = benchmark("unet")
    parameters = measured["parameters"]
    for training, prediction in zip(measured["training"], measured["prediction"], strict=True):
        side = training["side"]
        ratios = [f"{training['ratio']:.2f}", f"{prediction['ratio']:.2f}"]
        assert table_rows("layers", side) == [[f"{parameters[side]:,}", *ratios]]
    assert measured["batch"] == 4
    assert f"a batch of four pictures of {measured['side']} x" in page("layers")


def test_speeds_of_the_matting_data_are_those_of_the_benchmark():
    measured = benchmark("matting_data")
    beside = {row["width"]: row for row in measured["beside"]["results"] if row["side"] == "training_batches"}
    full, small = beside[1], beside[0.25]
    (alone,) = (r for r in measured["alone"]["results"] if (r["workers"], r["opencv_threads"]) == (2, 1))
    text = page("speed")
    assert measured["beside"]["crop_size"] == measured["alone"]["crop_size"] == 512
    assert f"a step takes {full['ratio']:.2f} times as long" in text
    assert f"waits {full['median_wait_ms']:.0f} ms for its batch" in text
    share = full["median_step_ms"] / small["median_step_ms"]
    assert f"a step is {share:.0f} times as short, it is {small['ratio']:.2f} times" in text
    assert f"the data make {alone['samples_per_second']:.1f} samples a second" in text


def test_speeds_of_the_evaluation_are_those_of_the_benchmark():
    rows = benchmark("evaluation")["results"]
    ratios = {(row["case"], row["error"]): row["ratio"] for row in rows if row["side"] == "plain"}
    text = page("speed")
    assert f"{ratios['narrow band', 'all four']:.0f} times as fast as by a plain implementation" in text
    assert f"{ratios['hair', 'all four']:.0f} times with hair" in text
    assert {round(ratios["pieces", error]) for error in ("grad", "conn")} == {3}
    assert "Grad and Conn are only 3 times as fast as the plain implementation" in text


def test_load_on_a_server_is_as_it_was_measured():
    load = json.loads((ROOT / "results" / "serving_load.json").read_text())
    for row in load["mixed"]:
        times = [f"{row[name]:,.0f} ms" for name in ("p50_ms", "p95_ms", "p99_ms")]
        assert [f"{row['answers_per_s']:.1f}", *times] in table_rows("serving", str(row["clients"]))
    for row in load["pictures_in_a_request"]:
        expected = [f"{row['ms']:,.0f} ms", f"{row['megapixels_per_s']:.2f}"]
        assert expected in table_rows("serving", str(row["pictures"]))
    assert f"Of {sum(row['requests'] for row in load['mixed']):,} requests none was lost" in page("serving")
    for row in load["sizing"]:
        what = f"{row['pictures']} of {row['size'][0]} x {row['size'][1]}"
        expected = [f"{row['s']:.1f} s", f"{row['megapixels_per_s']:.2f}", f"{row['memory_above_start_mb']:,} MB"]
        assert expected in table_rows("serving", what)
    assert f"memory changed by {abs(load['memory_growth_percent']):.1f} %" in page("serving")
    held = load["memory_mb"]
    assert f"held {min(held):,.0f} to {max(held):,.0f} MB" in page("serving")
    assert abs(load["memory_growth_percent"]) < 2
    assert load["minutes"] == 10


def test_formats_are_those_of_the_benchmark():
    text = (DOCS / "formats.md").read_text()
    for row in benchmark("export_formats")["results"]:
        if row["side"] != "Keras":
            costs = f"{row['mb']} MB | {row['ratio']:.2f} | {row['difference']:.0e} | {row['sad']:.2f}"
            assert f"| {row['side']} | {costs} |" in text
