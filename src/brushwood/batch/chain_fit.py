"""How a recipe meets an image: axes, channels, dimensions, pixel size; checked before the work."""

from dataclasses import dataclass
from math import prod

from brushwood.arrays import ImageSource
from brushwood.batch.misfits import needed_maps, needs_image_channel
from brushwood.batch.models import Models
from brushwood.batch.recipe import Recipe
from brushwood.batch.steps import Channel
from brushwood.errors import FeatureMismatchError, InputError
from brushwood.io.images import ImageFile
from brushwood.pixels.classifier import PixelClassifier


@dataclass(frozen=True, eq=False, slots=True)
class Fit:
    """A recipe and one image that it fits. Make one with `of`, which checks that it does.

    Attributes
    ----------
    recipe : Recipe
    image : ImageFile
        Its axes say where channels are.
    models : Models
    classifier : PixelClassifier
        For the image's pixel size.
    source : ImageSource
        What the pixel classifier sees.
    ndim : {2, 3}
        Spatial dimensions of objects.
    """

    recipe: Recipe
    image: ImageFile
    models: Models
    classifier: PixelClassifier
    source: ImageSource
    ndim: int

    @classmethod
    def of(cls, recipe: Recipe, image: ImageFile, models: Models) -> "Fit":
        """Bring a recipe and an image together. Nothing is computed yet.

        Raises
        ------
        FeatureMismatchError
            If the image has not the channels or dimensions that a model needs.
        InputError
            If it has no pixel size where one is needed.
        """
        model = models.for_image(image)
        image = with_known_channels(image, model, recipe.pixels.channel_axis)
        source = _source(recipe, image, model)
        fit = cls(recipe, image, models, model, source, _ndim(recipe, image))
        fit._check_objects()
        return fit

    @property
    def axes(self) -> str:
        """A letter an axis of a map."""
        return self.image.axes_of_maps()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a map."""
        return (*self.source.frames, *self.source.shape)

    @property
    def n_pixels(self) -> int:
        """Pixels of a map."""
        return prod(self.shape)

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Size of a pixel along the axes of an object."""
        return self.image.spacing_of(self.ndim)

    @property
    def needed(self) -> tuple[str, ...]:
        """Maps of the pixel classifier that are saved or worked on."""
        return needed_maps(self.recipe, self.measures_probabilities)

    @property
    def measures_probabilities(self) -> bool:
        """Whether objects are measured in the probabilities."""
        step, model = self.recipe.measure, self.models.objects
        asked = step is not None and step.with_probabilities
        note = (model.measurement_ or {}) if model is not None else {}
        return asked or note.get("classes") is not None

    def channels(self, names: tuple[Channel, ...] | None) -> tuple[int, ...] | None:
        """Return the places of channels, None for all."""
        if names is None:
            return None
        return tuple(channel_place(name, self.image) for name in names)

    def landscape(self) -> ImageSource | None:
        """Return the channel in which objects are parted, None if they are not parted by one."""
        step = self.recipe.objects
        if step is None or not needs_image_channel(self.recipe):
            return None
        axis = self.image.channel_axis
        chosen = step.image_channel
        if axis is None:
            return ImageSource.of(self.image.data, ndim=self.ndim)
        count = self.image.data.shape[axis]
        if chosen is None and count > 1:
            raise InputError(
                f"Objects are parted by the image's {step.params.method}, but {self.image.name!r} "
                f"has {count} channels, and the recipe does not say which one. Set "
                "objects.image_channel."
            )
        places = self.channels((chosen or 0,))
        return ImageSource.of(self.image.data, channel_axis=axis, ndim=self.ndim, channels=places)

    def _check_objects(self) -> None:
        step = self.recipe.objects
        if step is None:
            return
        known = set(self.classifier.classes_.tolist())
        missing = [i for i in step.foreground or () if i not in known]
        if missing:
            raise InputError(
                f"Objects are made of class {', '.join(map(str, missing))}, but the pixel "
                f"classifier knows the classes {', '.join(map(str, sorted(known)))}. Change "
                "objects.foreground."
            )
        if step.params.units == "world" and self.spacing is None:
            raise InputError(
                f"The recipe's sizes are in the image's unit, but {self.image.name!r} has no pixel "
                'size. Save it with one, or give sizes in pixels with objects.params.units "px".'
            )
        self.landscape()


def with_known_channels(image: ImageFile, model: PixelClassifier, wish: int | None) -> ImageFile:
    """Return the image with its channels where the recipe, the file or the training says.

    Raises
    ------
    FeatureMismatchError
        If the axis asked for does not exist.
    """
    ndim = len(image.axes)
    if wish is not None:
        if not -ndim <= wish < ndim or ndim < 3:
            raise FeatureMismatchError(
                f"Channels are asked for along axis {wish}, but the image has the shape "
                f"{tuple(image.data.shape)}. Change pixels.channel_axis."
            )
        return image.with_channels(wish)
    known = model.channel_axis
    if image.channel_axis is not None or model.n_channels_ == 1 or known is None:
        return image
    is_unknown = set(image.axes) <= set("qyx") and ndim > model.ndim_
    return image.with_channels(known) if is_unknown and -ndim <= known < ndim else image


def channel_place(name: Channel, image: ImageFile) -> int:
    """Return the place of a channel that is named or counted from 0.

    Raises
    ------
    FeatureMismatchError
        If the image has no such channel.
    """
    axis = image.channel_axis
    count = 1 if axis is None else int(image.data.shape[axis])
    names = tuple(image.channel_names)
    if isinstance(name, int):
        if 0 <= name < count:
            return name
    elif names.count(name) == 1:
        return names.index(name)
    known = f"{count} channels" if count > 1 else "one channel"
    called = f" ({', '.join(names)})" if names else ""
    raise FeatureMismatchError(
        f"The recipe asks for the channel {name!r}, but the image {image.name!r} has "
        f"{known}{called}. Choose images with that channel, or change the recipe."
    )


def _source(recipe: Recipe, image: ImageFile, model: PixelClassifier) -> ImageSource:
    """Return an image as the pixel classifier needs it."""
    axes = image.axes_of_maps()
    if model.ndim_ == 3 and (len(axes) < 3 or axes[-3] not in "zq"):
        raise FeatureMismatchError(
            f"The model was trained on stacks with the axes z, y, x, but this image has the axes "
            f"{image.axes!r}. Apply it to stacks, or train a 2-D model."
        )
    chosen = recipe.pixels.channels
    places = None if chosen is None else [channel_place(name, image) for name in chosen]
    source = ImageSource.of(
        image.data, channel_axis=image.channel_axis, ndim=model.ndim_, channels=places
    )
    if source.n_channels != model.n_channels_:
        raise FeatureMismatchError(
            f"The model was trained on {model.n_channels_} channel(s), but this image has "
            f"{source.n_channels} (shape {tuple(image.data.shape)}, axes {image.axes!r}). Choose "
            "images with the same channels in the same order, say in the recipe's pixels.channels "
            "which ones to use, or train a new model."
        )
    return source


def _ndim(recipe: Recipe, image: ImageFile) -> int:
    step = recipe.objects
    if step is None or step.ndim is None:
        return image.ndim
    axes = image.axes_of_maps()
    if step.ndim > len(axes) or (step.ndim == 3 and axes[-3] not in "zq"):
        raise FeatureMismatchError(
            f"The recipe makes 3-D objects, but the image {image.name!r} has the axes "
            f"{image.axes!r}. Choose stacks, or change objects.ndim."
        )
    return step.ndim
