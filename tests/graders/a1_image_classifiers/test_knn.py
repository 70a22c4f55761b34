"""Graders of the notebook knn: three ways to compute distances, the vote, and what the cross-validation left.

Every test goes through KNearestNeighbor, whose methods call the student's functions. Public tests compare with stored
outputs; hidden tests ask the same of random inputs, judged by the formulas at the end of this file, and the public ones
count only with them. Where loops are to be left out, nothing counts that does not finish at the size that shows it.
"""

import hashlib

import numpy as np

from nnkit.student.testing import (
    FORWARD,
    FORWARD_FLOAT32,
    CheckFailure,
    Opaque,
    assert_at_least,
    assert_below,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    forbidden,
    item,
    type_name,
    wave,
)

# An item counts as built on what its tests name after "submission.", and on all that this calls: through the class each
# of its methods would count as built on every other, and on itself. So its name stands here.
CLASSIFIER = "KNearestNeighbor"


def trained(submission, X_train, y_train):
    knn = getattr(submission, CLASSIFIER)()
    knn.train(X_train, y_train)
    return knn


def distances(submission, way, X, X_train):
    knn = trained(submission, X_train, np.zeros(len(X_train), dtype=int))
    return getattr(knn, f"compute_distances_{way}")(X)


# The three ways to compute distances: each behaviour is asked of all of them.

TEST_POINTS, TRAINING_POINTS = 3 * wave(1, 4, 5), 3 * wave(2, 6, 5)


# What would be no exercise: all of it at once.
NORMS = (
    "numpy.linalg.norm",
    "scipy.linalg.norm",
    "scipy.spatial.distance.cdist",
    "scipy.spatial.distance.euclidean",
    "scipy.spatial.distance.sqeuclidean",
)


def apart(rng, num_test, num_train, dim):
    """Test points and training points at random, at least 20 from one another: multiplied out, the squares of points
    that nearly meet cancel, and take the digits of their distance with them."""
    X, X_train = rng.uniform(-20, 20, size=(num_test, dim)), rng.uniform(-20, 20, size=(num_train, dim))
    X[:, 0] -= 30
    X_train[:, 0] += 30
    return X, X_train


def check_leaves_points(submission, way):
    """Neither the test points nor the training points have been changed."""
    knn = trained(submission, TRAINING_POINTS, np.zeros(len(TRAINING_POINTS), dtype=int))
    dists = getattr(knn, f"compute_distances_{way}")(TEST_POINTS)
    assert_inputs_unchanged(submission)
    if type(knn.X_train) is not np.ndarray or not np.array_equal(knn.X_train, TRAINING_POINTS):
        raise CheckFailure("changed in place, work on a copy: X_train of the classifier")
    if type(dists) is not np.ndarray:
        raise CheckFailure(f"dists is {type_name(dists)}, expected an array")


def check_random_points(submission, way, rng, *without):
    for sizes in [(7, 5, 12), (3, 8, 1), (6, 6, 4)]:
        X, X_train = apart(rng, *sizes)
        wanted = euclidean(X, X_train)
        with forbidden(submission, *without):
            dists = distances(submission, way, X, X_train)
        assert_close(dists, wanted, FORWARD, "dists")


def check_one_pair(submission, way, rng):
    X, X_train = apart(rng, 1, 1, 7)
    assert_close(distances(submission, way, X, X_train), euclidean(X, X_train), FORWARD, "dists")


def check_integers(submission, way, rng):
    X, X_train = rng.integers(0, 256, size=(4, 9)), rng.integers(0, 256, size=(5, 9))
    assert_close(distances(submission, way, X, X_train), euclidean(X, X_train), FORWARD, "dists")


def check_float32(submission, way, rng):
    X, X_train = (points.astype(np.float32) for points in apart(rng, 4, 5, 9))
    dists = distances(submission, way, X, X_train)
    assert_close(dists, euclidean(X, X_train), FORWARD_FLOAT32, "dists", dtype=float32_result(dists))


def check_second_training(submission, way, rng):
    """A classifier that is trained again has forgotten what it had before."""
    X, after = apart(rng, 3, 4, 6)
    knn = trained(submission, apart(rng, 3, 5, 6)[1], np.zeros(5, dtype=int))
    compute = getattr(knn, f"compute_distances_{way}")
    compute(X)
    knn.train(after, np.zeros(4, dtype=int))
    assert_close(compute(X), euclidean(X, after), FORWARD, "dists after a second training")


def check_same_points(submission, way, X):
    """The distance of a point to itself: rounding may leave some of it, but never a NaN."""
    dists = distances(submission, way, X, X)
    assert_shape(dists, (len(X), len(X)), "dists")
    if not np.isfinite(dists).all():
        raise CheckFailure("some distances of equal points are not finite: rounding left less than zero under a root")
    assert_below(float(np.diagonal(dists).max()), 1e-5, "distance of a point to itself")


def check_large(submission, way, num_test, num_train, dim, rng):
    """Distances at a size that only the asked for way to compute them copes with, looked at in some rows."""
    X, X_train = apart(rng, num_test, num_train, dim)
    dists = distances(submission, way, X, X_train)
    if type(dists) is not np.ndarray or dists.shape != (num_test, num_train):
        assert_shape(dists, (num_test, num_train), "dists")
    rows, columns = (rng.integers(size, size=min(size, 50)) for size in (num_test, num_train))
    some = dists[rows][:, columns]
    assert_close(some, euclidean(X[rows], X_train[columns]), FORWARD, "some of the dists")


@item("compute_distances_two_loops", public=True, weight=2,
      message="Subtract the two points, square, sum over the D numbers, take the root.")
def test_two_loops_distances(submission, expected):
    expected("dists", distances(submission, "two_loops", TEST_POINTS, TRAINING_POINTS), FORWARD)


@item("compute_distances_two_loops", public=True, weight=1.5,
      message="Write the distance out with a difference, squares, a sum and a root.")
def test_two_loops_distances_without_norm(submission, expected):
    with forbidden(submission, *NORMS):
        dists = distances(submission, "two_loops", TEST_POINTS, TRAINING_POINTS)
    expected("without_norm", dists, FORWARD, called="dists")


@item("compute_distances_two_loops", public=True, weight=0.5,
      message="Test points and training points stay as they are.")
def test_two_loops_leaves_the_points(submission):
    check_leaves_points(submission, "two_loops")


@item("compute_distances_two_loops", weight=2,
      confirms=["test_two_loops_distances", "test_two_loops_leaves_the_points"],
      message="dists has a row for each test point and a column for each training point, for any numbers of them.")
def test_two_loops_on_random_points(submission, rng):
    check_random_points(submission, "two_loops", rng)


@item("compute_distances_two_loops", weight=1.5, confirms="test_two_loops_distances_without_norm",
      message="Write the distance out with a difference, squares, a sum and a root.")
def test_two_loops_on_random_points_without_norm(submission, rng):
    check_random_points(submission, "two_loops", rng, *NORMS)


@item("compute_distances_two_loops", weight=0.5, needs="test_two_loops_on_random_points",
      message="A single pair of points has a distance, too.")
def test_two_loops_on_one_pair(submission, rng):
    check_one_pair(submission, "two_loops", rng)


@item("compute_distances_two_loops", weight=0.25, needs="test_two_loops_on_random_points",
      message="Points of whole numbers have distances that are none.")
def test_two_loops_on_whole_numbers(submission, rng):
    check_integers(submission, "two_loops", rng)


@item("compute_distances_two_loops", weight=0.25, needs="test_two_loops_on_random_points",
      message="Points may be float32: five digits are asked for then.")
def test_two_loops_in_float32(submission, rng):
    check_float32(submission, "two_loops", rng)


@item("compute_distances_two_loops", weight=0.5, needs="test_two_loops_on_random_points",
      message="Distances are those to the points trained with last.")
def test_two_loops_after_a_second_training(submission, rng):
    check_second_training(submission, "two_loops", rng)


@item("compute_distances_one_loop", public=True, weight=2,
      message="One row at a time: the distances of one test point to all training points, a sum for each of these.")
def test_one_loop_distances(submission, expected):
    expected("dists", distances(submission, "one_loop", TEST_POINTS, TRAINING_POINTS), FORWARD)


@item("compute_distances_one_loop", public=True, weight=1.5,
      message="Write the distance out with differences, squares, sums and roots.")
def test_one_loop_distances_without_norm(submission, expected):
    with forbidden(submission, *NORMS):
        dists = distances(submission, "one_loop", TEST_POINTS, TRAINING_POINTS)
    expected("without_norm", dists, FORWARD, called="dists")


@item("compute_distances_one_loop", public=True, weight=0.5,
      message="Test points and training points stay as they are.")
def test_one_loop_leaves_the_points(submission):
    check_leaves_points(submission, "one_loop")


@item("compute_distances_one_loop", weight=2,
      confirms=["test_one_loop_distances", "test_one_loop_leaves_the_points"], needs="test_one_loop_is_one_loop",
      message="dists has a row for each test point and a column for each training point, for any numbers of them.")
def test_one_loop_on_random_points(submission, rng):
    check_random_points(submission, "one_loop", rng)


@item("compute_distances_one_loop", weight=1.5, confirms="test_one_loop_distances_without_norm",
      needs="test_one_loop_is_one_loop",
      message="Write the distance out with differences, squares, sums and roots.")
def test_one_loop_on_random_points_without_norm(submission, rng):
    check_random_points(submission, "one_loop", rng, *NORMS)


@item("compute_distances_one_loop", weight=0.5, needs="test_one_loop_on_random_points",
      message="A single pair of points has a distance, too.")
def test_one_loop_on_one_pair(submission, rng):
    check_one_pair(submission, "one_loop", rng)


@item("compute_distances_one_loop", weight=0.25, needs="test_one_loop_on_random_points",
      message="Points of whole numbers have distances that are none.")
def test_one_loop_on_whole_numbers(submission, rng):
    check_integers(submission, "one_loop", rng)


@item("compute_distances_one_loop", weight=0.25, needs="test_one_loop_on_random_points",
      message="Points may be float32: five digits are asked for then.")
def test_one_loop_in_float32(submission, rng):
    check_float32(submission, "one_loop", rng)


@item("compute_distances_one_loop", weight=0.5, needs="test_one_loop_on_random_points",
      message="Distances are those to the points trained with last.")
def test_one_loop_after_a_second_training(submission, rng):
    check_second_training(submission, "one_loop", rng)


# The last of its item: a second loop uses up the time of all the tests behind it.
@item("compute_distances_one_loop", weight=3, slow=True,
      message="With 3,500 test and 3,500 training points there are 12 million pairs: a second loop in Python can't end "
              "within the time for this part.")
def test_one_loop_is_one_loop(submission, rng):
    check_large(submission, "one_loop", 3500, 3500, 1, rng)


@item("compute_distances_no_loops", public=True, weight=2,
      message="Multiply (x - t)**2 out: squares of the test points, squares of the training points, products of both.")
def test_no_loops_distances(submission, expected):
    expected("dists", distances(submission, "no_loops", TEST_POINTS, TRAINING_POINTS), FORWARD)


@item("compute_distances_no_loops", public=True, weight=1.5,
      message="Write the distance out with squares, sums, a matrix product and a root.")
def test_no_loops_distances_without_norm(submission, expected):
    with forbidden(submission, *NORMS):
        dists = distances(submission, "no_loops", TEST_POINTS, TRAINING_POINTS)
    expected("without_norm", dists, FORWARD, called="dists")


@item("compute_distances_no_loops", public=True, weight=0.5,
      message="Test points and training points stay as they are.")
def test_no_loops_leaves_the_points(submission):
    check_leaves_points(submission, "no_loops")


@item("compute_distances_no_loops", public=True, weight=0.5,
      message="Two equal points have distance 0; where rounding leaves -1e-16, a root makes NaN of it.")
def test_no_loops_on_equal_points(submission):
    check_same_points(submission, "no_loops", 3 * wave(3, 40, 30))


@item("compute_distances_no_loops", weight=2,
      confirms=["test_no_loops_distances", "test_no_loops_leaves_the_points"], needs="test_no_loops_is_without_loops",
      message="dists has a row for each test point and a column for each training point, for any numbers of them.")
def test_no_loops_on_random_points(submission, rng):
    check_random_points(submission, "no_loops", rng)


@item("compute_distances_no_loops", weight=1.5, confirms="test_no_loops_distances_without_norm",
      needs="test_no_loops_is_without_loops",
      message="Write the distance out with squares, sums, a matrix product and a root.")
def test_no_loops_on_random_points_without_norm(submission, rng):
    check_random_points(submission, "no_loops", rng, *NORMS)


@item("compute_distances_no_loops", weight=0.5, needs="test_no_loops_on_random_points",
      message="A single pair of points has a distance, too.")
def test_no_loops_on_one_pair(submission, rng):
    check_one_pair(submission, "no_loops", rng)


@item("compute_distances_no_loops", weight=0.25, needs="test_no_loops_on_random_points",
      message="Points of whole numbers have distances that are none.")
def test_no_loops_on_whole_numbers(submission, rng):
    check_integers(submission, "no_loops", rng)


@item("compute_distances_no_loops", weight=0.25, needs="test_no_loops_on_random_points",
      message="Points may be float32: five digits are asked for then.")
def test_no_loops_in_float32(submission, rng):
    check_float32(submission, "no_loops", rng)


@item("compute_distances_no_loops", weight=0.5, needs="test_no_loops_on_random_points",
      message="Distances are those to the points trained with last.")
def test_no_loops_after_a_second_training(submission, rng):
    check_second_training(submission, "no_loops", rng)


@item("compute_distances_no_loops", weight=0.5, confirms="test_no_loops_on_equal_points",
      needs="test_no_loops_on_random_points", message="Among many points a distance of zero must not become NaN.")
def test_no_loops_on_many_equal_points(submission, rng):
    check_same_points(submission, "no_loops", rng.normal(size=(200, 50)))


@item("compute_distances_no_loops", weight=1, slow=True, needs="test_no_loops_on_random_points",
      message="For 700 images on either side an array of all differences would take 12 gigabytes: multiply the square "
              "out.")
def test_no_loops_on_whole_images(submission, rng):
    check_large(submission, "no_loops", 700, 700, 3072, rng)


# The last of its item: a loop uses up the time of all the tests behind it.
@item("compute_distances_no_loops", weight=4, slow=True,
      message="With 5 million test points, or training points, a loop over them in Python can't end within the time "
              "for this part.")
def test_no_loops_is_without_loops(submission, rng):
    check_large(submission, "no_loops", 5_000_000, 1, 1, rng)
    check_large(submission, "no_loops", 1, 5_000_000, 1, rng)


# predict_labels: neighbours, vote and ties earn marks separately.


def predicted(submission, dists, y_train, k=None):
    """The predicted labels as integers; whole numbers kept as floats are no mistake."""
    knn = trained(submission, np.zeros((len(y_train), 1)), y_train)
    return as_integers(knn.predict_labels(dists) if k is None else knn.predict_labels(dists, k=k), len(dists))


def as_integers(y_pred, num_test):
    assert_shape(y_pred, (num_test,), "y_pred")
    whole = np.isfinite(y_pred).all() and (np.rint(y_pred) == y_pred).all() and np.abs(y_pred).max(initial=0) < 1e9
    return y_pred.astype(np.int64) if whole else y_pred


def ranks(rng, num_test, num_train):
    """Distances that are all different within a row."""
    return 0.5 + np.stack([rng.permutation(num_train) for _ in range(num_test)])


def check_vote(submission, dists, y_train, k):
    assert_equal(predicted(submission, dists, y_train, k), vote(dists, y_train, k), f"y_pred for k={k}")


FEW_DISTS = np.array([[5.0, 1, 4, 2, 3, 6], [6, 5, 4, 3, 2, 1], [2, 6, 3, 1, 4, 5], [1, 3, 5, 2, 6, 4]])
FEW_LABELS = np.array([3, 1, 0, 2, 2, 1])


@item("predict_labels", public=True, weight=1, message="With k=1 the nearest training point gives its label.")
def test_labels_of_the_nearest(submission, expected):
    expected("k_1", predicted(submission, FEW_DISTS, FEW_LABELS, 1), called="y_pred for k=1")


@item("predict_labels", public=True, weight=1, message="The k nearest vote, and the label with most votes wins.")
def test_labels_by_majority(submission, expected):
    y_train = np.array([4, 1, 1, 4, 1, 4, 4])
    dists = np.array([[1.0, 2, 3, 6, 7, 4, 5], [5, 4, 7, 2, 1, 3, 6], [1, 4, 2, 6, 3, 5, 7]])
    expected("k_3", predicted(submission, dists, y_train, 3), called="y_pred for k=3")
    expected("k_5", predicted(submission, dists, y_train, 5), called="y_pred for k=5")


@item("predict_labels", public=True, weight=1,
      message="Where several labels have most votes, the smallest of them wins.")
def test_ties_go_to_the_smaller_label(submission, expected):
    y_train = np.array([3, 1, 3, 1, 0])
    dists = np.array([[1.0, 2, 3, 4, 5], [2, 1, 4, 3, 5], [1, 3, 2, 4, 5]])
    expected("ties_of_four", predicted(submission, dists, y_train, 4), called="y_pred for k=4")
    expected("ties_of_two", predicted(submission, dists, y_train, 2), called="y_pred for k=2")


@item("predict_labels", public=True, weight=0.5, message="dists and y_train stay as they are.")
def test_vote_leaves_distances_and_labels(submission):
    knn = trained(submission, np.zeros((6, 1)), FEW_LABELS)
    y_pred = knn.predict_labels(FEW_DISTS, k=3)
    assert_inputs_unchanged(submission)
    if type(knn.y_train) is not np.ndarray or not np.array_equal(knn.y_train, FEW_LABELS):
        raise CheckFailure("changed in place, work on a copy: y_train of the classifier")
    if type(y_pred) is not np.ndarray:
        raise CheckFailure(f"y_pred is {type_name(y_pred)}, expected an array")


@item("predict_labels", weight=1, confirms="test_labels_of_the_nearest", needs="test_vote_on_random_distances",
      message="With k=1 the nearest training point gives its label, for any distances and labels.")
def test_labels_of_the_nearest_at_random(submission, rng):
    check_vote(submission, ranks(rng, 30, 40), rng.integers(10, size=40), 1)


@item("predict_labels", weight=2, confirms=["test_labels_by_majority", "test_vote_leaves_distances_and_labels"],
      message="The vote must be right for any distances, labels and k.")
def test_vote_on_random_distances(submission, rng):
    # Two labels and an odd k leave no ties.
    for num_test, num_train, k in [(30, 40, 7), (8, 25, 11), (20, 60, 33)]:
        labels = rng.choice(10, size=2, replace=False)
        check_vote(submission, ranks(rng, num_test, num_train), rng.choice(labels, size=num_train), k)


@item("predict_labels", weight=1, confirms="test_ties_go_to_the_smaller_label",
      message="Ties go to the smallest label, whichever of them is nearer.")
def test_random_ties_go_to_the_smaller_label(submission, rng):
    for k in (4, 2, 6):
        check_vote(submission, ranks(rng, 30, 12), rng.permutation(np.arange(12) % 6), k)


@item("predict_labels", weight=0.25, needs="test_vote_on_random_distances",
      message="Where k is more than there are training points, all of them vote.")
def test_more_neighbours_than_training_points(submission, rng):
    y_train = rng.permutation([4, 2, 2, 4, 9, 2])
    for k in (6, 7, 100):
        check_vote(submission, ranks(rng, 5, 6), y_train, k)


@item("predict_labels", weight=0.5, needs="test_vote_on_random_distances",
      message="Not every class needs to occur among the training points, or the neighbours.")
def test_absent_classes(submission, rng):
    check_vote(submission, ranks(rng, 12, 9), rng.permutation([7, 7, 2, 2, 7, 2, 7, 2, 7]), 5)
    check_vote(submission, ranks(rng, 3, 4), np.full(4, rng.integers(10)), 3)


@item("predict_labels", weight=0.25, needs="test_vote_on_random_distances",
      message="Labels are whole numbers from 0, also those of more than ten classes.")
def test_vote_of_more_than_ten_classes(submission, rng):
    labels = 10 + rng.choice(90, size=2, replace=False)
    check_vote(submission, ranks(rng, 12, 30), rng.choice(labels, size=30), 7)


@item("predict_labels", weight=0.25, needs="test_vote_on_random_distances",
      message="One test point, one training point, labels of any integer dtype: all work.")
def test_vote_on_inputs_of_any_kind(submission, rng):
    check_vote(submission, np.array([[0.0]]), rng.integers(10, size=1), 1)
    check_vote(submission, ranks(rng, 1, 9), rng.choice([1, 4], size=9), 3)
    for dtype in (np.uint8, np.int16, np.int32):
        check_vote(submission, ranks(rng, 6, 20).astype(np.float32), rng.choice([2, 9], size=20).astype(dtype), 5)


@item("predict_labels", weight=0.25, needs="test_vote_on_random_distances",
      message="Without k, only the nearest training point counts.")
def test_k_is_one_by_default(submission, rng):
    dists, y_train = ranks(rng, 10, 15), rng.integers(10, size=15)
    assert_equal(predicted(submission, dists, y_train), vote(dists, y_train, 1), "y_pred without k")


# cross_validation: what the search left in the notebook.

K_CHOICES = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)
FOLDS = 5


def parts(value, name):
    """The elements of a list of the student's, or of an array that stands for one."""
    if not isinstance(value, Opaque) and type(value) is not np.ndarray:
        raise CheckFailure(f"{name} is {type_name(value)}, expected a list of {FOLDS}")
    return list(value)


def fold_sizes(submission):
    """Images and labels of every fold, which have to fit together."""
    X_folds, y_folds = (parts(getattr(submission, name), name) for name in ("X_train_folds", "y_train_folds"))
    for name, folds in (("X_train_folds", X_folds), ("y_train_folds", y_folds)):
        assert_equal(len(folds), FOLDS, f"number of parts in {name}")
    num_train = sum(len(y) for y in y_folds if type(y) is np.ndarray and y.ndim)
    for i, (X, y) in enumerate(zip(X_folds, y_folds, strict=True)):
        assert_shape(y, (num_train // FOLDS,), f"y_train_folds[{i}]")
        assert_shape(X, (num_train // FOLDS, 3 * 32 * 32), f"X_train_folds[{i}]")
    return X_folds, y_folds


def fold_places(submission, X_train, y_train):
    """Which of the training images each fold holds, as the notebook's own data have them: (folds, images of each)."""
    X_folds, y_folds = fold_sizes(submission)
    assert_equal(sum(len(X) for X in X_folds), len(X_train), "number of images in X_train_folds")
    places = {}
    for place, known in enumerate(zip(digests(X_train), y_train.astype(float).tolist(), strict=True)):
        places.setdefault(known, []).append(place)
    images = {image for image, _ in places}
    X, y = digests(np.concatenate(X_folds)), np.concatenate(y_folds).astype(float).tolist()
    assert_below(sum(image not in images for image in X), 0, "images in the folds that are none of X_train")
    found = [places[each].pop() if places.get(each) else None for each in zip(X, y, strict=True)]
    assert_below(found.count(None), 0, "images that come twice, or with another one's label")
    return np.array(found).reshape(FOLDS, -1)


def digests(images):
    """A short name for every image: the same for the same numbers, whatever their dtype."""
    return [hashlib.sha256(image.astype(float).tobytes()).digest() for image in images]


def accuracies(submission):
    """k_to_accuracies as an array, (number of k, folds)."""
    table = submission.k_to_accuracies
    if not isinstance(table, Opaque):
        raise CheckFailure(f"k_to_accuracies is {type_name(table)}, expected a dictionary")
    rows = []
    for k in K_CHOICES:
        if k not in table:
            raise CheckFailure(f"k_to_accuracies has no entry for k = {k}")
        row = parts(table[k], f"k_to_accuracies[{k}]")
        assert_equal(len(row), FOLDS, f"number of accuracies in k_to_accuracies[{k}]")
        for i, accuracy in enumerate(row):
            assert_at_least(accuracy, 0, f"k_to_accuracies[{k}][{i}]")
            assert_below(accuracy, 1, f"k_to_accuracies[{k}][{i}]")
        rows.append([float(accuracy) for accuracy in row])
    return np.array(rows)


def chosen_k(submission):
    best_k = submission.best_k
    if type(best_k) not in (int, np.int32, np.int64) or best_k not in K_CHOICES:
        said = best_k if type(best_k) in (int, float, np.int32, np.int64, np.float64) else type_name(best_k)
        raise CheckFailure(f"best_k is {said}, expected one of the k that were tried")
    return int(best_k)


@item("cross_validation", public=True, weight=1,
      message="The training images and their labels are cut into five parts of equal size.")
def test_there_are_five_folds(submission):
    fold_sizes(submission)


@item("cross_validation", public=True, weight=1,
      message="k_to_accuracies maps each of the ten k to a list of five accuracies, shares from 0 to 1.")
def test_every_k_has_five_accuracies(submission):
    accuracies(submission)


@item("cross_validation", public=True, weight=1,
      message="best_k is one of the k, and its mean accuracy in the cross-validation is the highest, or close to it.")
def test_best_k_is_good_in_the_cross_validation(submission):
    best_k, means = chosen_k(submission), accuracies(submission).mean(axis=1)
    assert_at_least(means[K_CHOICES.index(best_k)], means.max() - 0.01, f"mean accuracy of k = {best_k}")


@item("cross_validation", weight=1, confirms="test_there_are_five_folds",
      message="Every training image is in exactly one fold, and its label is at the same place of the same fold.")
def test_folds_hold_every_image_once_with_its_label(submission, notebook_data):
    fold_places(submission, *notebook_data("X_train", "y_train"))


@item("cross_validation", weight=2,
      confirms=["test_every_k_has_five_accuracies", "test_best_k_is_good_in_the_cross_validation"],
      message="k_to_accuracies[k][i] is the share of right labels on fold i, when the other four folds vote.")
def test_accuracies_are_those_of_the_fold_left_out(submission, notebook_data, rng):
    stated = accuracies(submission)
    X_train, y_train = notebook_data("X_train", "y_train")
    places = fold_places(submission, X_train, y_train)
    i = int(rng.integers(FOLDS))
    rest = np.concatenate([places[j] for j in range(FOLDS) if j != i])
    near = nearest_labels(X_train[places[i]], X_train[rest], y_train[rest], max(K_CHOICES))
    for k, row in zip(K_CHOICES, stated, strict=True):
        # Equal distances may be sorted in any order, which moves single images.
        right = float(np.mean(majority(near[:, :k]) == y_train[places[i]]))
        assert_below(abs(float(row[i]) - right), 0.01, f"k_to_accuracies[{k}][{i}], distance from the right value")


@item("cross_validation", weight=1, needs="test_accuracies_are_those_of_the_fold_left_out",
      message="best_k does well on images that took no part in choosing it.")
def test_best_k_on_new_images(submission, notebook_data, data, thresholds):
    best_k, (X_train, y_train) = chosen_k(submission), notebook_data("X_train", "y_train")
    images, labels = data("cifar10")
    # Held-back images come less the mean image; the notebook's have it.
    X = np.rint(images.reshape(len(images), -1) + X_train.mean(axis=0))
    accuracy = float(np.mean(majority(nearest_labels(X, X_train, y_train, best_k)) == labels))
    assert_at_least(accuracy, thresholds.test, f"test accuracy with k = {best_k}")


# The formulas that answers are judged by, written otherwise than the reference.


def euclidean(X, X_train):
    differences = X.astype(float)[:, None, :] - X_train.astype(float)[None, :, :]
    return np.sqrt(np.einsum("ijd,ijd->ij", differences, differences))


def majority(labels):
    """The most frequent number of every row, of several the smallest."""
    counts = (labels[:, :, None] == np.arange(labels.max() + 1)).sum(axis=1)
    return counts.argmax(axis=1)


def vote(dists, y_train, k):
    return majority(y_train.astype(np.int64)[np.argsort(dists, axis=1, kind="stable")[:, :k]])


def nearest_labels(X, X_train, y_train, k):
    """Labels of the k nearest training images of every image, the nearest first."""
    # What is left out, the image's own square, is the same for all of its distances.
    far = np.einsum("nd,nd->n", X_train, X_train) - 2 * (X @ X_train.T)
    first = np.argpartition(far, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(far, first, axis=1), axis=1, kind="stable")
    return y_train[np.take_along_axis(first, order, axis=1)]
