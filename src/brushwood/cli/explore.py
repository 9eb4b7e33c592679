"""``brushwood explore``: tables in; layout, groups, their stability and a classifier out."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brushwood.cli.console import Progress, say
from brushwood.errors import BrushwoodError, InputError
from brushwood.jobs import Job

if TYPE_CHECKING:
    from pandas import DataFrame

    from brushwood.explore.cluster import Clusters
    from brushwood.explore.embed import Embedding
    from brushwood.explore.ranking import Ranking
    from brushwood.explore.stability import Stability
    from brushwood.explore.surrogate import Surrogate

_FILES = ("table.csv", "ranking.csv", "exploration.json", "overview.png", "groups.brushwood")
_EPILOG = """\
examples:
  brushwood explore objects.csv -o exploration
  brushwood explore a.csv b.csv -o exploration --method pca --cluster gaussian --groups suggest
  brushwood explore objects.csv -o exploration --columns area,circularity,solidity --seed 7

Written are table.csv (layout, group and agreement of each object), ranking.csv, exploration.json,
overview.png and groups.brushwood, a classifier for `brushwood classify`. Files are listed on
stdout; the verdict on the groups and what was left out are said on stderr.
"""


def add_parser(commands: Any) -> None:
    """Add this command's options."""
    parser = commands.add_parser(
        "explore",
        help="find groups in tables of objects, and ask whether they are real",
        description="Lay tables of objects out, group them, repeat, rank columns, keep a model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tables", nargs="+", metavar="TABLE", help=".csv, .tsv or .parquet")
    parser.add_argument(
        "-o", "--out", dest="output", required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.add_argument("--columns", metavar="A,B,…", help="default: all that describe objects")
    parser.add_argument(
        "--scaling", choices=("standard", "robust", "none"), default="standard", help="of columns"
    )
    parser.add_argument(
        "--method", choices=("umap", "pca", "tsne"), default="umap", help="layout (default: umap)"
    )
    parser.add_argument("--neighbours", type=int, metavar="N", help="of UMAP (default: 15)")
    parser.add_argument("--perplexity", type=float, metavar="P", help="of t-SNE (default: 30)")
    parser.add_argument(
        "--cluster", choices=("kmeans", "gaussian", "agglomerative", "hdbscan"), default="kmeans",
        help="way to group (default: kmeans)",
    )  # fmt: skip
    parser.add_argument(
        "--groups", default="suggest", metavar="N", help="number, or 'suggest' (default)"
    )
    parser.add_argument("--min-size", type=int, metavar="N", help="smallest group of hdbscan")
    parser.add_argument("--repeat", type=int, default=10, metavar="N", help="runs (default: 10)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same result")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, job: Job) -> int:
    """Explore, write, and say what was found."""
    from brushwood.explore.cluster import cluster_positions
    from brushwood.explore.embed import TITLES, embed_rows
    from brushwood.explore.prepare import PrepareParams, prepare
    from brushwood.explore.stability import StabilityParams, stability_of
    from brushwood.io.atomic import check_target, translated

    embedding, clusters = _embedding(options), _clusters(options)
    params = StabilityParams(n_runs=options.repeat, seed=options.seed)
    out = Path(options.output)
    with translated(out):
        out.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        check_target(out / name, overwrite=options.overwrite)
    table = _table(options.tables)
    progress = Progress(4, "exploring")
    try:
        columns = None if options.columns is None else options.columns.split(",")
        prepared = prepare(table, columns, PrepareParams(scaling=options.scaling))
        laid_out = embed_rows(prepared, embedding, progress.job(job, 0), taken=set(table.columns))
        if options.groups == "suggest" and options.cluster != "hdbscan":
            clusters = _suggested(laid_out, clusters, progress.job(job, 1))
        groups = cluster_positions(
            laid_out.used, prepared, clusters, progress.job(job, 1),
            on=TITLES[embedding.method], taken=set(table.columns),
        )  # fmt: skip
        trust = stability_of(
            prepared, embedding, clusters, params, progress.job(job, 2), reference=groups.ids,
            on=groups.name, taken=set(table.columns),
        )  # fmt: skip
        kept = _kept(table, laid_out, groups, progress.job(job, 3))
    finally:
        progress.close()
    _write(out, table, laid_out, groups, trust, kept, options)
    for note in dict.fromkeys([*laid_out.notes(), *groups.notes()]):
        say(note)
    say(f"{groups.n_clusters} groups of {', '.join(f'{n:,}' for n in groups.sizes)} objects.")
    say(trust.verdict.sentence)
    if kept is not None:
        say(kept[1].forest_agreement.sentence)
    return 0


def _embedding(options: argparse.Namespace) -> Any:
    from brushwood.explore.embed import EmbedParams

    chosen = {"n_neighbors": options.neighbours, "perplexity": options.perplexity}
    given = {name: value for name, value in chosen.items() if value is not None}
    return EmbedParams.from_json({"method": options.method, "seed": options.seed, **given})


def _clusters(options: argparse.Namespace) -> Any:
    from brushwood.explore.grouping import ClusterParams

    given = {"method": options.cluster, "seed": options.seed}
    if options.groups != "suggest":
        try:
            given["n_clusters"] = int(options.groups)
        except ValueError:
            raise argparse.ArgumentError(
                None, f"--groups must be a number or 'suggest', not {options.groups!r}"
            ) from None
    if options.min_size is not None:
        given["min_size"] = options.min_size
    return ClusterParams.from_json(given)


def _table(paths: list[str]) -> "DataFrame":
    """Read tables; of several, the name of the file becomes the image."""
    from brushwood.explore.prepare import combine
    from brushwood.io.tables import read_table

    if len(paths) == 1:
        return read_table(paths[0])
    names = [Path(path).stem for path in paths]
    if len(set(names)) < len(names):
        names = list(paths)
    if len(set(names)) < len(names):
        raise InputError("The same table was given twice. Give each once.")
    return combine({name: read_table(path) for name, path in zip(names, paths, strict=True)})


def _suggested(laid_out: "Embedding", clusters: Any, job: Job) -> Any:
    from dataclasses import replace

    from brushwood.explore.suggest import suggest_for

    found = suggest_for(laid_out.used, replace(clusters, n_clusters=10), job)
    say(found.sentence)
    return replace(clusters, n_clusters=found.n_clusters)


def _kept(
    table: "DataFrame", laid_out: "Embedding", groups: "Clusters", job: Job
) -> "tuple[Ranking, Surrogate] | None":
    """Rank the columns and learn the groups; say why where there is nothing to learn."""
    from brushwood.explore.ranking import rank_columns
    from brushwood.explore.surrogate import train_surrogate

    columns = laid_out.prepared.columns
    try:
        ranking = rank_columns(
            table, groups.ids, laid_out.positions, columns=columns, job=job.part(0.0, 0.3)
        )
        learned = train_surrogate(
            table, groups.ids, columns=ranking.suggested, job=job.part(0.3, 1.0)
        )
    except BrushwoodError as error:
        say(f"No classifier: {error}")
        return None
    return ranking, learned


def _write(
    out: Path,
    table: "DataFrame",
    laid_out: "Embedding",
    groups: "Clusters",
    trust: "Stability",
    kept: "tuple[Ranking, Surrogate] | None",
    options: argparse.Namespace,
) -> None:
    from brushwood.explore.picture import overview
    from brushwood.io.atomic import replacing, translated
    from brushwood.io.tables import write_table
    from brushwood.models.surrogate import to_classifier

    more = {"overwrite": options.overwrite}
    filled = table.copy()
    filled.attrs = dict(table.attrs)
    for name, values in zip(laid_out.names, laid_out.positions.T, strict=True):
        filled[name] = values
    filled[groups.name], filled[trust.name] = groups.ids, trust.agreement
    write_table(filled, out / "table.csv", **more)
    print(out / "table.csv")
    document = {
        "tables": list(map(str, options.tables)),
        "embedding": laid_out.to_json(),
        "clusters": {"column": groups.name, **groups.to_json()},
        "stability": trust.to_json(),
    }
    picture = overview(laid_out, groups.ids, trust, kept[0] if kept else None)
    if kept is not None:
        ranking, learned = kept
        document |= {"ranking": ranking.to_json(), "surrogate": learned.to_json()}
        write_table(ranking.table(), out / "ranking.csv", **more)
        print(out / "ranking.csv")
        to_classifier(table, learned).save(out / "groups.brushwood", **more)
        print(out / "groups.brushwood")
    with replacing(out / "exploration.json", **more) as path, translated(path):
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(out / "exploration.json")
    with replacing(out / "overview.png", **more) as path, translated(path):
        picture.save(path, "png")
    print(out / "overview.png")
