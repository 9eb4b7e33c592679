"""Several files in flight: one that fails is named, and the others go on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from brushwood.cli.console import Progress, say
from brushwood.errors import BrushwoodError
from brushwood.jobs import Job


def run_many(
    names: Sequence[str],
    work: Callable[[int, Job], Iterable[Path]],
    job: Job,
    *,
    workers: int = 1,
    what: str = "",
) -> list[BrushwoodError]:
    """Run a piece of work for each file in threads: reading and writing overlap with computing.

    Parameters
    ----------
    names : sequence of str
        The files, for messages.
    work : callable (index, Job) -> files written
        Their names are printed on stdout as soon as they are complete.
    job : Job
        Cancelled with all pieces when one of them fails in a way that is not the user's.
    workers : int
    what : str
        What is done, for the bar.

    Returns
    -------
    list of BrushwoodError
        One a file that failed, in the order in which they ended.
    """
    failures: list[BrushwoodError] = []
    progress = Progress(len(names), what)
    with ThreadPoolExecutor(workers) as pool:
        futures = {
            pool.submit(work, index, progress.job(job, index)): index for index in range(len(names))
        }
        try:
            for number, future in enumerate(_completed(futures), 1):
                name = names[futures[future]]
                progress.close()
                try:
                    written = future.result()
                except BrushwoodError as error:
                    failures.append(error)
                    say(f"[{number}/{len(names)}] {name} failed: {error}")
                else:
                    say(f"[{number}/{len(names)}] {name}")
                    for file in written:
                        print(file, flush=True)
        except BaseException:
            job.cancel()  # the other threads stop at their next block
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            progress.close()
    return failures


def _completed(
    futures: Iterable[Future[Iterable[Path]]],
) -> Iterator[Future[Iterable[Path]]]:
    """Yield futures as they end; the pauses let Ctrl-C through on every platform."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
        yield from done
