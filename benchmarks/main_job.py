"""The main job: `guanxi mine` on a simulated company's order file, in a process of its own.

    python benchmarks/main_job.py --lines 500000,10000000 --data /tmp/guanxi-bench

Says what the run took as a whole and in each stage. The aim is ten million lines within 2 GiB.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from measuring import arguments, data_directory, machine, markdown, run_measured, simulated_orders, write_results


def measure(orders: Path) -> dict[str, object]:
    """Run the main job on one file."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as out:
        used = run_measured([sys.executable, "-m", "guanxi", "mine", orders, "--out", out, "--lang", "en"])
        result = json.loads((Path(out) / "result.json").read_text(encoding="utf-8"))
    stages = result["stages"]
    # A stage's own peak is exact; the sampled one also sees what lies between the stages.
    peak = max([used.peak_mib or 0.0, *(float(stage["peak_memory_mib"]) for stage in stages)])
    return {
        "lines": sum(file["records"] for file in result["files"]),
        "input_mib": orders.stat().st_size / 2**20,
        "wall_seconds": used.wall_seconds,
        "cpu_seconds": used.cpu_seconds,
        "peak_mib": peak,
        "stages": stages,
    }


def main() -> None:
    parser = arguments(__doc__ or "", lines="500000,10000000")
    options = parser.parse_args()
    with data_directory(options.data) as data:
        runs = [measure(simulated_orders(lines, data)) for lines in options.lines]
    print(f"{machine()}\n")
    print(
        markdown(
            ["lines", "input MiB", "wall s", "CPU s", "µs CPU a line", "peak MiB"],
            [
                (
                    run["lines"], round(run["input_mib"]), run["wall_seconds"], run["cpu_seconds"],
                    1e6 * run["cpu_seconds"] / run["lines"], round(run["peak_mib"]),
                )
                for run in runs
            ],
        )
    )  # fmt: skip
    for run in runs:
        rows = [(s["stage"], s["seconds"], s["cpu_seconds"], s["peak_memory_mib"]) for s in run["stages"]]
        print(f"\n{run['lines']:,} lines by stage:\n")
        print(markdown(["stage", "wall s", "CPU s", "peak MiB"], rows))
    write_results(options.json, runs)


if __name__ == "__main__":
    main()
