"""The walk-through of docs/explore-blobs.md: find round and elongated blobs without being told.

python scripts/explore_blobs.py [--seed 0] [--out DIR]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import brushwood as bw
from brushwood import samples
from brushwood.explore.embed import EmbedParams
from brushwood.explore.stability import StabilityParams
from brushwood.models.surrogate import to_classifier

#: Groups of measurements; positions say nothing of a shape.
GROUPS = ("size", "shape", "intensity")
#: The columns that describe what the sample was made with.
TELLING = {"circularity", "axis_minor_length", "aspect_ratio", "elongation"}


def measured() -> tuple[Any, Any]:
    """Return the table of the sample's blobs, and their known shapes as 1 or 2."""
    sample = samples.load("round_and_elongated_blobs")
    table = bw.measure(sample.truth_labels, sample.image, names=GROUPS)
    shapes = dict(zip(sample.truth_table["index"], sample.truth_table["shape_class"], strict=True))
    known = np.array([1 if shapes[label] == "round" else 2 for label in table["label"]])
    return table, known


def agreement(found: Any, known: Any) -> float:
    """Return the share of objects whose group is their shape, whichever number it has."""
    found = np.asarray(found)
    return float(max((found == known).mean(), (found == 3 - known).mean()))


def walk_through(table: Any, known: Any, seed: int, n_runs: int = 10) -> dict[str, Any]:
    """Run every step with one seed.

    Returns
    -------
    dict
        ``recovered``: share of blobs whose cluster is their shape. ``held_out``: the same of blobs
        that the classifier has not seen. ``ranking``, ``suggested``: columns. ``stability``: a
        sentence. ``tree``: text.
    """
    layout = bw.embed(table, "umap", seed=seed)
    clusters = bw.cluster(layout, "kmeans", n_clusters=2, seed=seed)
    ranking = bw.rank_columns(table, clusters, layout)
    repeated = bw.stability(
        table,
        EmbedParams(seed=seed),
        reference=clusters.to_numpy(),
        params=StabilityParams(n_runs=n_runs, seed=seed),
    )
    chosen = list(ranking.suggested)
    surrogate = bw.train_surrogate(table, clusters, columns=chosen)

    # Half of the blobs teach the classifier, the other half is new to it.
    shuffled = np.random.default_rng(seed).permutation(len(table))
    seen, unseen = np.array_split(shuffled, 2)
    half = bw.train_surrogate(table.iloc[seen], clusters.iloc[seen], columns=chosen)
    predicted = to_classifier(table.iloc[seen], half).predict(table.iloc[unseen])
    return {
        "seed": seed,
        "suggested_groups": bw.suggest_clusters(layout, seed=seed).n_clusters,
        "recovered": agreement(clusters, known),
        "stability": repeated.verdict.sentence,
        "answer": repeated.verdict.answer,
        "ranking": list(ranking.columns),
        "strength": ranking.strength.round(3).tolist(),
        "suggested": chosen,
        "surrogate": surrogate.forest_agreement.sentence,
        "tree": surrogate.tree.text(),
        "held_out": agreement(predicted, known[unseen]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the classifier and a report")
    options = parser.parse_args()
    table, known = measured()
    found = walk_through(table, known, options.seed)
    print(f"{len(table)} blobs, {len(table.columns) - 2} measurements")
    print(f"UMAP suggests {found['suggested_groups']} groups; k-means makes 2")
    print(found["stability"])
    print("ranked:", ", ".join(found["ranking"][:8]))
    print("small set:", ", ".join(found["suggested"]))
    print(found["tree"])
    print(found["surrogate"])
    print(f"known shape recovered: {found['recovered']:.3f} of the blobs")
    print(f"known shape of unseen blobs: {found['held_out']:.3f}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (options.out / "exploration.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
