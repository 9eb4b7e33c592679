"""A plan for terabytes from measured rates: ``python -m brushwood.batch.scale --help``."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brushwood.batch.cost import Measured, Work, measured

_TERA, _GIGA, _MEGA = 1e12, 1e9, 1e6
_HOUR = 3600.0
#: Between these lines the page holds what `section` computes.
BEGIN = "<!-- computed: python -m brushwood.batch.scale --page docs/scale.md -->"
END = "<!-- end of what is computed -->"
#: Levels that 120 trees of depth 8 have, the default.
_DEFAULT_LEVELS = 120 * 8
_NODES = (4, 16, 64)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that work together.

    Attributes
    ----------
    nodes : int
    cores : int
        Of each.
    network : float
        Bytes a second that one node moves to and from storage.
    storage : float
        Bytes a second that the storage serves to all nodes together.
    """

    nodes: int = 16
    cores: int = 32
    network: float = 1.25 * _GIGA
    storage: float = 5 * _GIGA


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """What a run over many bytes will take.

    Attributes
    ----------
    cluster : Cluster
    pixels : float
    read, written : float
        Bytes moved between storage and nodes.
    processors, network, storage : float
        Hours that each would take if it alone counted.
    """

    cluster: Cluster
    pixels: float
    read: float
    written: float
    processors: float
    network: float
    storage: float

    @property
    def hours(self) -> float:
        """Hours from start to end: reading and writing overlap with computing."""
        return max(self.processors, self.network, self.storage)

    @property
    def bottleneck(self) -> str:
        """What the rest waits for."""
        times = {
            "processors": self.processors,
            "network of the nodes": self.network,
            "storage": self.storage,
        }
        return max(times, key=lambda name: times[name])

    @property
    def nodes_until_storage(self) -> int:
        """Nodes beyond which the storage is the bottleneck, whatever is added."""
        alone = max(self.processors, self.network) * self.cluster.nodes
        return max(1, int(alone / self.storage)) if self.storage else sys.maxsize


def plan(
    image_bytes: float,
    work: Work,
    cluster: Cluster,
    *,
    bytes_per_pixel: float = 2.0,
    known: Measured | None = None,
) -> ScalePlan:
    """Compute a plan.

    Parameters
    ----------
    image_bytes : float
        Size of all images, uncompressed, one channel.
    work : Work
    cluster : Cluster
    bytes_per_pixel : float
        2 for 16 bits.
    known : Measured, optional
        Default: what came with the package.

    Returns
    -------
    ScalePlan
        Computing is taken to grow with pixels and to shrink with cores, as `known` measured it on
        few; bytes are those that `known` counted, intermediates included, as they are stored.
    """
    known = known or measured()
    rates = known.rates(work.ndim)
    pixels = image_bytes / bytes_per_pixel
    speed = known.pair * cluster.nodes * cluster.cores / known.cores
    read, written = pixels * rates.read, pixels * rates.written
    return ScalePlan(
        cluster,
        pixels,
        read,
        written,
        (pixels / _MEGA * work.per_million(rates) / speed + known.start) / _HOUR,
        (read + written) / (cluster.network * cluster.nodes) / _HOUR,
        (read + written) / cluster.storage / _HOUR,
    )


def describe(found: ScalePlan) -> str:
    """Return a plan as a few lines."""
    cluster = found.cluster
    return (
        f"{found.pixels / _TERA:.3g} terapixels on {cluster.nodes} nodes with {cluster.cores} "
        f"cores: {found.hours:.3g} hours, {found.hours * cluster.nodes:.3g} node hours\n"
        f"traffic: {found.read / _TERA:.3g} TB read, {found.written / _TERA:.3g} TB written\n"
        f"bottleneck: {found.bottleneck} (processors {found.processors:.3g} h, network "
        f"{found.network:.3g} h, storage {found.storage:.3g} h); beyond "
        f"{found.nodes_until_storage} nodes the storage\n"
    )


def section(known: Measured | None = None) -> str:
    """Return the computed part of docs/scale.md."""
    known = known or measured()
    machine = (
        f"Measured on {known.machine}. A process has its first image under way after "
        f"{known.start:.2g} s. Two processes do {known.pair:.2f} times the work of one on the same "
        f"{known.cores} cores."
    )
    lines = [machine, "", *_rates(known), "", *_growth(known), "", *_plans(known)]
    return "\n".join(lines)


def _rates(known: Measured) -> list[str]:
    rows = (
        ("any pixel", "pixel"),
        ("a feature plane", "plane"),
        ("a level of a tree", "level"),
        ("objects", "objects"),
        ("measurements", "measure"),
    )
    lines = [
        "| seconds a million pixels | planes (2-D) | stacks (3-D) |",
        "|---|---:|---:|",
    ]
    for text, name in rows:
        flat, deep = getattr(known.flat, name), getattr(known.deep, name)
        lines.append(f"| {text} | {flat:.3g} | {deep:.3g} |")
    flat, deep = known.flat, known.deep
    lines.append(f"| bytes read a pixel | {flat.read:.2g} | {deep.read:.2g} |")
    lines.append(f"| bytes written a pixel | {flat.written:.2g} | {deep.written:.2g} |")
    return lines


def _growth(known: Measured) -> list[str]:
    lines = [
        "Megapixels a second of that machine, from these rates:",
        "",
        "| features | trees x depth | pixels, 2-D | whole, 2-D | pixels, 3-D | whole, 3-D |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for planes, trees, depth in (
        (6, 100, 8),
        (18, 10, 4),
        (18, 120, 8),
        (18, 300, 8),
        (36, 120, 8),
    ):
        cells = []
        for ndim in (2, 3):
            work = Work(ndim, planes, trees * depth)
            for steps in (False, True):
                work = replace(work, objects=steps, measure=steps)
                cells.append(f"{1 / work.per_million(known.rates(ndim)):.1f}")
        lines.append(f"| {planes} | {trees} x {depth} | {' | '.join(cells)} |")
    return lines


def _plans(known: Measured) -> list[str]:
    cluster = Cluster()
    task = (
        "10 TB of 16-bit pixels, 18 features, 120 trees of depth 8, objects and measurements, on "
        f"nodes with {cluster.cores} cores and {cluster.network / _GIGA:g} GB/s each, and a "
        f"storage that serves {cluster.storage / _GIGA:g} GB/s:"
    )
    lines = [
        task,
        "",
        "| images | nodes | hours | node hours | TB read | TB written | waits for | until |",
        "|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    for ndim, what in ((2, "planes"), (3, "stacks")):
        work = Work(ndim, 18, _DEFAULT_LEVELS, objects=True, measure=True)
        for nodes in _NODES:
            found = plan(10 * _TERA, work, replace(cluster, nodes=nodes), known=known)
            lines.append(
                f"| {what} | {nodes} | {found.hours:.3g} | {found.hours * nodes:.3g} | "
                f"{found.read / _TERA:.3g} | {found.written / _TERA:.2g} | {found.bottleneck} | "
                f"{found.nodes_until_storage} nodes |"
            )
    return lines


def with_section(text: str, known: Measured | None = None) -> str:
    """Return the text of the page with its computed part made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section(known)}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a plan, or write the page."""
    parser = argparse.ArgumentParser(prog="python -m brushwood.batch.scale", description=__doc__)
    add = parser.add_argument
    add("--tb", type=float, default=10.0, help="terabytes of images, uncompressed (default: 10)")
    add("--bytes", type=float, default=2.0, help="bytes a pixel (default: 2)")
    add("--ndim", type=int, choices=(2, 3), default=3, help="planes or stacks (default: 3)")
    add("--features", type=int, default=18, help="feature planes (default: 18)")
    add("--trees", type=int, default=120)
    add("--depth", type=int, default=8)
    add("--nodes", type=int, default=16)
    add("--cores", type=int, default=32, help="of a node (default: 32)")
    add("--network", type=float, default=1.25, help="GB/s of a node (default: 1.25)")
    add("--storage", type=float, default=5.0, help="GB/s of the storage (default: 5)")
    add("--page", type=Path, help="compute the tables of this page anew")
    options = parser.parse_args(arguments)
    if options.page is not None:
        options.page.write_text(with_section(options.page.read_text("utf-8")), "utf-8")
        return
    work = Work(options.ndim, options.features, options.trees * options.depth, True, True)
    cluster = Cluster(
        options.nodes, options.cores, options.network * _GIGA, options.storage * _GIGA
    )
    found = plan(options.tb * _TERA, work, cluster, bytes_per_pixel=options.bytes)
    sys.stdout.write(describe(found))


if __name__ == "__main__":
    main()
