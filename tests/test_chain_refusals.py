"""What does not fit is refused before the chain begins, and cancelling stops it anywhere."""

import numpy as np
import pytest

from brushwood.batch.chain import planned_outputs, run_chain
from brushwood.batch.models import Models
from brushwood.batch.steps import ClassifyStep, MeasureStep, ObjectStep, PixelStep
from brushwood.errors import FeatureMismatchError, InputError, RecipeError, TableMismatchError
from brushwood.jobs import Cancelled, Job
from brushwood.measure.table import measure
from brushwood.objects.classifier import ObjectClassifier
from brushwood.objects.split import split_objects
from chain_scenes import PARAMS, coloured, flat, image_file, object_model, recipe, stack


def test_images_that_do_not_fit_are_refused_before_the_work():
    data, classifier = coloured()
    steps = recipe(classifier, channels=("DAPI", "RFP"))
    models = Models(steps)
    file = image_file(data, "cyx", channels=("DAPI", "GFP", "noise"))
    with pytest.raises(FeatureMismatchError, match=r"'RFP', .* 3 channels \(DAPI, GFP, noise\)"):
        planned_outputs(steps, file, models)
    with pytest.raises(FeatureMismatchError, match=r"trained on 2 chan.* has 3 .*pixels\.channels"):
        planned_outputs(recipe(classifier), file, models)
    _, solid = stack()
    with pytest.raises(FeatureMismatchError, match="trained on stacks"):
        recipe(solid).run(image_file(data[0], "yx"))
    image, plain = flat()
    with pytest.raises(InputError, match="knows the classes 1, 2"):
        recipe(plain, objects=ObjectStep(foreground=(7,))).run(image)
    with pytest.raises(FeatureMismatchError, match=r"change objects\.ndim"):
        recipe(plain, objects=ObjectStep(ndim=3)).run(image)
    with pytest.raises(InputError, match="needs class probabilities"):
        recipe(plain, measure=MeasureStep(("probability_mean",))).run(image)


def test_a_classifier_of_other_units_or_channels_is_refused_before_the_work():
    image, classifier = flat()
    metric = object_model(image, classifier, spacing=0.5, unit="µm")
    steps = recipe(classifier, metric)
    models = Models(steps)
    planned_outputs(steps, image_file(image, "yx", size=(0.5, 0.5)), models)
    with pytest.raises(TableMismatchError, match="unit"):
        planned_outputs(steps, image_file(image, "yx", size=(5e-4, 5e-4), unit="mm"), models)
    data, coloured_classifier = coloured()
    objects = split_objects(coloured_classifier.predict(data[:2]), 2, params=PARAMS)
    named = {"channel_axis": 0, "channel_names": ("a", "b", "c")}
    table = measure(objects, data, names="intensity_mean", **named)
    model = ObjectClassifier().fit(table, 1 + np.arange(len(table)) % 2)
    fine = recipe(coloured_classifier, model, channels=(0, 1), measure=None)
    found = fine.run(image_file(data, "cyx"))
    assert "intensity_mean-b" in found.table
    with pytest.raises(FeatureMismatchError, match=r"the channels a, b, c, but 'cells' has 2"):
        recipe(coloured_classifier, model, measure=None).run(image_file(data[:2], "cyx"))


def test_arrays_that_are_saved_must_be_given():
    image, classifier = flat()
    steps = recipe(classifier)
    with pytest.raises(InputError, match="probabilities, uncertainty, objects are needed"):
        run_chain(
            steps,
            image_file(image, "yx"),
            Models(steps),
            {"classes": np.zeros(image.shape, np.uint8)},
        )


def test_cancelling_stops_at_any_stage():
    image, classifier = flat()
    steps = recipe(classifier, object_model(image, classifier))
    seen = []
    steps.run(image, job=Job(lambda fraction, message: seen.append((fraction, message))))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    for stop in range(0, len(seen), max(1, len(seen) // 12)):
        count = iter(range(10**6))
        job = Job()
        job.on_progress = lambda *_, j=job, c=count, n=stop: j.cancel() if next(c) == n else None
        if stop < len(seen) - 1:
            with pytest.raises(Cancelled):
                steps.run(image, job=job)


def test_a_classify_step_needs_an_object_classifier():
    _, classifier = flat()
    steps = recipe(classifier, classify=ClassifyStep(PixelStep(classifier).model))
    with pytest.raises(RecipeError, match="kind 'pixel-classifier'"):
        Models(steps)
