"""The number of groups that was put in is suggested, with the curves that say so."""

import json

import numpy as np
import pytest
from sklearn.cluster import KMeans

import brushwood as bw
from brushwood.errors import InputError
from brushwood.explore.suggest import suggest_clusters
from brushwood.jobs import Cancelled, Job
from explore_tables import blobs, cloud


@pytest.mark.parametrize("method", ["kmeans", "gaussian", "agglomerative"])
@pytest.mark.parametrize("k", [2, 4])
def test_the_number_that_was_put_in_is_suggested(method, k):
    found = suggest_clusters(blobs(160, k)[0], method, most=7)
    assert found.n_clusters == k and found.elbow == k
    assert found.numbers == tuple(range(2, 8))
    assert found.silhouette[k - 2] > 0.4
    assert found.sentence.startswith(f"{k} groups suggested") and "elbow agrees" in found.sentence
    assert "speak against" not in found.sentence
    assert (found.bic is not None) == (method == "gaussian")
    assert list(found.table().index) == list(found.numbers)
    json.dumps(found.to_json(), allow_nan=False)


def test_a_cloud_is_said_to_have_no_groups():
    found = suggest_clusters(cloud(150, n_columns=6))
    assert "speak against any groups" in found.sentence


def test_inertia_is_k_means_own():
    table = bw.embed(blobs(90, 3)[0], "pca")
    found = suggest_clusters(table, most=4)
    reference = KMeans(3, n_init=10, random_state=0).fit(table).inertia_
    assert found.inertia[1] == pytest.approx(reference, rel=1e-6)
    assert (np.diff(found.inertia) < 0).all()


def test_few_rows_limit_what_is_tried():
    assert suggest_clusters(cloud(5)).numbers == (2, 3, 4)
    with pytest.raises(InputError, match="2 different rows are too few"):
        suggest_clusters(cloud(2).loc[[0, 1, 1, 0]])
    with pytest.raises(InputError, match="HDBSCAN finds the number"):
        suggest_clusters(cloud(50), "hdbscan")


def test_progress_and_cancel():
    seen = []
    suggest_clusters(cloud(40), most=4, job=Job(lambda fraction, message: seen.append(fraction)))
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1)
    job = Job(lambda fraction, message: fraction > 0.5 and job.cancel())
    with pytest.raises(Cancelled):
        suggest_clusters(cloud(40), job=job)
