"""The files beside orders, customers and products: touches, campaigns, contracts, and their truth."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from guanxi.progress import Progress
from guanxi.simulate.files import Format, table_writer, write_table
from guanxi.simulate.interactions import interaction_schema
from guanxi.simulate.ledger import EFFECT_SCHEMA, Ledger, response_schema, treatment_schema
from guanxi.simulate.parameters import Parameters

__all__ = ["write_relations"]


def write_relations(
    ledger: Ledger, parameters: Parameters, out: Path, *, format: Format, progress: Progress
) -> dict[str, Path]:
    """Write the tables of a ledger; the folder ``truth`` is there."""
    header = "zh" if parameters.language == "zh" else "en"
    truth = out / "truth"
    paths = {"interactions": out / f"interactions.{format}"}
    with progress.stage("simulate.stage_relations", total=ledger.touches):
        with table_writer(paths["interactions"], interaction_schema(parameters), format, header) as writer:
            for batch in ledger.interactions():
                writer.write(batch)
                progress.advance(batch.num_rows)
        by_campaign: dict[str, tuple[Iterable[pa.Table], pa.Schema]] = {
            "treatments": (ledger.treatments(), treatment_schema(parameters)),
            "responses": (ledger.responses(), response_schema(parameters)),
        }
        for name, (parts, schema) in by_campaign.items():
            paths[name] = out / f"{name}.csv"
            with table_writer(paths[name], schema, "csv", header) as writer:
                for part in parts:
                    writer.write(part)
        # A person's name and a campaign's are not the same word in Chinese.
        campaigns = ledger.campaigns().rename_columns({"name": "campaign_name"})
        for name, table in {"campaigns": campaigns, "contracts": ledger.contracts()}.items():
            paths[name] = out / f"{name}.csv"
            write_table(paths[name], table, "csv", header)
        paths["truth_effects"] = truth / "effects.parquet"
        with table_writer(paths["truth_effects"], EFFECT_SCHEMA, "parquet") as writer:
            for part in ledger.true_effects():
                writer.write(part)
        for name, table in {
            "bad_orders": ledger.true_bad_orders(),
            "contracts": ledger.true_contracts(),
            "pairs": ledger.true_pairs(),
        }.items():
            paths[f"truth_{name}"] = truth / f"{name}.parquet"
            write_table(paths[f"truth_{name}"], table, "parquet")
    return paths
