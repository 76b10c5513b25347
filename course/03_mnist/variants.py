# %% [markdown]
# Right and wrong answers to every question of `challenge.py`. A right one must pass every check;
# a wrong one must lose exactly the checks that it names. `coursekit demo` makes a class of them.
# An equivalent one is a change that `coursekit verify` takes for wrong, and why it is not.

# %%
import keras
import numpy as np


# %% q1_correlate right="all windows at once"
def correlate(image, kernel, stride=1):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows[::stride, ::stride], kernel)


# %% q1_correlate right="lists, and four loops"
def correlate(image, kernel, stride=1):
    k_rows, k_columns = len(kernel), len(kernel[0])
    result = []
    for top in range(0, len(image) - k_rows + 1, stride):
        line = []
        for left in range(0, len(image[0]) - k_columns + 1, stride):
            products = [
                image[top + i][left + j] * kernel[i][j]
                for i in range(k_rows)
                for j in range(k_columns)
            ]
            line.append(float(sum(products)))
        result.append(line)
    return result


# %% q1_correlate wrong="the kernel flipped" loses="q1_correlate-slide q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image = np.asarray(image, dtype=float)
    kernel = np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows[::stride, ::stride], kernel[::-1, ::-1])


# %% q1_correlate wrong="stride ignored" loses="q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)


# %% q1_correlate wrong="stride counts the places, not the pixels" loses="q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image = np.asarray(image, dtype=float)
    kernel = np.asarray(kernel, dtype=float)
    k_rows, k_columns = kernel.shape
    rows = (image.shape[0] - k_rows) // stride + 1
    columns = (image.shape[1] - k_columns) // stride + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            patch = image[row : row + k_rows, column : column + k_columns]
            result[row, column] = np.sum(patch * kernel)
    return result


# %% q1_correlate wrong="a square kernel taken for granted" loses="q1_correlate-slide q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image = np.asarray(image, dtype=float)
    kernel = np.asarray(kernel, dtype=float)
    size = len(kernel)
    rows = (image.shape[0] - size) // stride + 1
    columns = (image.shape[1] - size) // stride + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            result[row, column] = np.sum(image[top : top + size, left : left + size] * kernel)
    return result


# %% q1_correlate wrong="mean, not sum" loses="q1_correlate-slide q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.mean(windows[::stride, ::stride] * kernel, axis=(2, 3))


# %% q1_correlate wrong="padded to keep its size" loses="q1_correlate-slide q1_correlate-stride"
def correlate(image, kernel, stride=1):
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    image = np.pad(image, [(0, n - 1) for n in kernel.shape])
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows[::stride, ::stride], kernel)


# %% q2_count right="asks Keras"
def count(shape, layers):
    x = keras.Input(shape=tuple(shape))
    counts = []
    for kind, *settings in layers:
        if kind == "conv":
            filters, size, stride, padding = settings
            layer = keras.layers.Conv2D(filters, size, strides=stride, padding=padding)
        elif kind == "pool":
            layer = keras.layers.MaxPooling2D(settings[0])
        else:
            layer = keras.layers.Flatten() if kind == "flatten" else keras.layers.Dense(settings[0])
        x = layer(x)
        counts.append(int(layer.count_params()))
    return counts


# %% q2_count right="one function for each kind"
def count(shape, layers):
    def places(n, size, stride, padding):
        return (n - size) // stride + 1 if padding == "valid" else (n + stride - 1) // stride

    shape, counts = list(shape), []
    for layer in layers:
        inputs = shape[-1]
        if layer[0] == "conv":
            _, filters, size, stride, padding = layer
            shape = [*(places(n, size, stride, padding) for n in shape[:2]), filters]
            counts.append(size**2 * inputs * filters + filters)
        elif layer[0] == "dense":
            shape = [layer[1]]
            counts.append(inputs * layer[1] + layer[1])
        else:
            counts.append(0)
            size = layer[1] if layer[0] == "pool" else None
            shape = [*(n // size for n in shape[:2]), inputs] if size else [int(np.prod(shape))]
    return counts


# %% q2_count wrong="channels forgotten" loses="q2_count-network q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, padding = settings
            parameters = (size * size + 1) * filters
            if padding == "valid":
                rows, columns = rows - size + 1, columns - size + 1
            rows, columns, channels = -(-rows // stride), -(-columns // stride), filters
        elif kind == "pool":
            rows, columns = rows // settings[0], columns // settings[0]
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            parameters = (channels + 1) * settings[0]
            channels = settings[0]
        counts.append(parameters)
    return counts


# %% q2_count wrong="one bias for the whole layer" loses="q2_count-network q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, padding = settings
            parameters = size * size * channels * filters + 1
            if padding == "valid":
                rows, columns = rows - size + 1, columns - size + 1
            rows, columns, channels = -(-rows // stride), -(-columns // stride), filters
        elif kind == "pool":
            rows, columns = rows // settings[0], columns // settings[0]
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            parameters = channels * settings[0] + 1
            channels = settings[0]
        counts.append(parameters)
    return counts


# %% q2_count wrong="every padding taken for same" loses="q2_count-network q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, _ = settings
            parameters = (size * size * channels + 1) * filters
            rows, columns, channels = -(-rows // stride), -(-columns // stride), filters
        elif kind == "pool":
            rows, columns = rows // settings[0], columns // settings[0]
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            parameters = (channels + 1) * settings[0]
            channels = settings[0]
        counts.append(parameters)
    return counts


# %% q2_count wrong="same, rounded down" loses="q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, padding = settings
            parameters = (size * size * channels + 1) * filters
            if padding == "valid":
                rows, columns = (rows - size) // stride + 1, (columns - size) // stride + 1
            else:
                rows, columns = rows // stride, columns // stride
            channels = filters
        elif kind == "pool":
            rows, columns = rows // settings[0], columns // settings[0]
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            parameters = (channels + 1) * settings[0]
            channels = settings[0]
        counts.append(parameters)
    return counts


# %% q2_count wrong="pooling that keeps the rest" loses="q2_count-network q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        parameters = 0
        if kind == "conv":
            filters, size, stride, padding = settings
            parameters = (size * size * channels + 1) * filters
            if padding == "valid":
                rows, columns = rows - size + 1, columns - size + 1
            rows, columns, channels = -(-rows // stride), -(-columns // stride), filters
        elif kind == "pool":
            rows, columns = -(-rows // settings[0]), -(-columns // settings[0])
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            parameters = (channels + 1) * settings[0]
            channels = settings[0]
        counts.append(parameters)
    return counts


# %% q2_count wrong="layers without parameters left out" loses="q2_count-network q2_count-padding"
def count(shape, layers):
    rows, columns, channels = shape
    counts = []
    for kind, *settings in layers:
        if kind == "conv":
            filters, size, stride, padding = settings
            counts.append((size * size * channels + 1) * filters)
            if padding == "valid":
                rows, columns = rows - size + 1, columns - size + 1
            rows, columns, channels = -(-rows // stride), -(-columns // stride), filters
        elif kind == "pool":
            rows, columns = rows // settings[0], columns // settings[0]
        elif kind == "flatten":
            channels = rows * columns * channels
        else:
            counts.append((channels + 1) * settings[0])
            channels = settings[0]
    return counts


# %% q3_build_reader architecture="fixed"


# %% q3_build_reader right="functional API"
def build_reader():
    layers = keras.layers
    inputs = keras.Input(shape=(28, 28, 1))
    x = layers.BatchNormalization()(inputs)
    for filters in (4, 16):
        x = layers.Conv2D(filters, (5, 5), activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(100, activation="relu")(layers.Flatten()(x))
    outputs = layers.Dense(10, activation="softmax")(layers.Dropout(0.4)(x))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer=keras.optimizers.Adam(), loss=loss, metrics=["accuracy"])
    return model


# %% q3_build_reader right="one layer after the other"
def build_reader():
    model = keras.Sequential()
    model.add(keras.Input((28, 28, 1)))
    model.add(keras.layers.BatchNormalization())
    for filters in (4, 16):
        model.add(keras.layers.Conv2D(filters, 5, activation=keras.activations.relu))
        model.add(keras.layers.MaxPool2D((2, 2)))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(100, activation="relu"))
    model.add(keras.layers.Dropout(rate=0.4))
    model.add(keras.layers.Dense(10, activation="softmax"))
    adam = keras.optimizers.Adam(learning_rate=0.001)
    model.compile(adam, "sparse_categorical_crossentropy")
    return model


# %% q3_build_reader wrong="a loss for one-hot labels" loses="q3_build_reader-learns"
def build_reader():
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.BatchNormalization()])
    for filters in (4, 16):
        model.add(layers.Conv2D(filters, 5, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


# %% q3_build_reader wrong="not compiled" loses="q3_build_reader-learns"
def build_reader():
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.BatchNormalization()])
    for filters in (4, 16):
        model.add(layers.Conv2D(filters, 5, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% q3_build_reader wrong="padding same" loses="q3_build_reader-plan"
def build_reader():
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.BatchNormalization()])
    for filters in (4, 16):
        model.add(layers.Conv2D(filters, 5, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q3_build_reader wrong="activations forgotten in the convolutions" loses="q3_build_reader-plan"
def build_reader():
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.BatchNormalization()])
    for filters in (4, 16):
        model.add(layers.Conv2D(filters, 5))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.4))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q3_build_reader wrong="no last layer" loses="q3_build_reader-plan q3_build_reader-learns"
def build_reader():
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.BatchNormalization()])
    for filters in (4, 16):
        model.add(layers.Conv2D(filters, 5, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dropout(0.4))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


# %% q4_feature_maps right="windows and one einsum"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    maps = np.einsum("rcdij,ijdf->rcf", windows, kernels) + np.asarray(biases)
    return np.where(maps > 0, maps, 0.0)


# %% q4_feature_maps right="place by place"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    h, w, _, filters = kernels.shape
    rows, columns = len(image) - h + 1, len(image[0]) - w + 1
    maps = np.zeros((rows, columns, filters), dtype="float32")
    for r in range(rows):
        for c in range(columns):
            for f in range(filters):
                total = (image[r : r + h, c : c + w] * kernels[..., f]).sum() + biases[f]
                maps[r, c, f] = max(total, 0)
    return maps


# %% q4_feature_maps wrong="no ReLU" loses="q4_feature_maps-grey q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.einsum("rcdij,ijdf->rcf", windows, kernels) + np.asarray(biases)


# %% q4_feature_maps wrong="ReLU before the bias" loses="q4_feature_maps-grey q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    return np.maximum(np.einsum("rcdij,ijdf->rcf", windows, kernels), 0) + np.asarray(biases)


# %% q4_feature_maps wrong="only the first channel" loses="q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    maps = np.einsum("rcij,ijf->rcf", windows[:, :, 0], kernels[:, :, 0]) + np.asarray(biases)
    return np.maximum(maps, 0)


# %% q4_feature_maps wrong="ReLU for each channel" loses="q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    each = np.einsum("rcdij,ijdf->rcdf", windows, kernels)
    each[:, :, 0] += np.asarray(biases)
    return np.maximum(each, 0).sum(axis=2)


# %% q4_feature_maps wrong="the kernels flipped" loses="q4_feature_maps-grey q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    maps = np.einsum("rcdij,ijdf->rcf", windows, kernels[::-1, ::-1]) + np.asarray(biases)
    return np.maximum(maps, 0)


# %% q4_feature_maps wrong="filters first" loses="q4_feature_maps-grey q4_feature_maps-colour"
def feature_maps(image, kernels, biases):
    image, kernels = np.asarray(image, dtype=float), np.asarray(kernels, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    maps = np.einsum("rcdij,ijdf->rcf", windows, kernels) + np.asarray(biases)
    return np.moveaxis(np.maximum(maps, 0), -1, 0)


# %% q5_prepare right="shuffles pairs"
def prepare(x, y, seed):
    pairs = list(zip(np.asarray(x), y, strict=True))
    np.random.default_rng(seed).shuffle(pairs)
    images = np.array([image for image, _ in pairs], dtype="float32") / 255
    return images.reshape(-1, 28, 28, 1), np.array([label for _, label in pairs])


# %% q5_prepare right="an older generator, changed in place"
def prepare(x, y, seed):
    places = np.arange(len(x))
    np.random.RandomState(seed).shuffle(places)
    images = x.astype(float)
    images /= 255.0
    return [images[places, :, :, np.newaxis], y[places]]


# %% q5_prepare right="shuffles in place, with two generators alike"
def prepare(x, y, seed):
    np.random.default_rng(seed).shuffle(x)
    np.random.default_rng(seed).shuffle(y)
    return x[..., None] / 255, y


# %% q5_prepare wrong="two orders" loses="q5_prepare-pairs"
def prepare(x, y, seed):
    rng = np.random.default_rng(seed)
    return rng.permutation(x)[..., None] / 255, rng.permutation(y)


# %% q5_prepare wrong="only the images shuffled" loses="q5_prepare-pairs"
def prepare(x, y, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order][..., None] / 255, y


# %% q5_prepare wrong="still mirrored" loses="q5_prepare-upright"
def prepare(x, y, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    images = x[order]
    images[::2] = images[::2, :, ::-1]
    return images[..., None] / 255, y[order]


# %% q5_prepare wrong="still scaled by its own maximum" loses="q5_prepare-scale"
def prepare(x, y, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    with np.errstate(invalid="ignore"):
        return x[order][..., None] / x.max(), y[order]


# %% q5_prepare wrong="each image scaled by its own maximum" loses="q5_prepare-pairs q5_prepare-scale"
def prepare(x, y, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    darkest = np.maximum(x.max(axis=(1, 2), keepdims=True), 1)
    return (x / darkest)[order][..., None], y[order]


# %% q5_prepare wrong="not shuffled" loses="q5_prepare-pairs"
def prepare(x, y, seed):
    return x[..., None] / 255, y


# %% q5_prepare wrong="the seed forgotten" loses="q5_prepare-pairs"
def prepare(x, y, seed):
    order = np.random.default_rng(0).permutation(len(x))
    return x[order][..., None] / 255, y[order]


# %% q5_prepare wrong="draws with replacement" loses="q5_prepare-pairs q5_prepare-scale"
def prepare(x, y, seed):
    order = np.random.default_rng(seed).integers(len(x), size=len(x))
    return np.asarray(x)[order][..., None] / 255, y[order]


# %% q6_confusion right="counts numbers of pairs"
def confusion(y_true, y_pred, n):
    pairs = np.asarray(y_true, dtype=int) * n + np.asarray(y_pred, dtype=int)
    matrix = np.bincount(pairs, minlength=n * n).reshape(n, n)
    beside = matrix.copy()
    np.fill_diagonal(beside, 0)
    place = np.unravel_index(beside.argmax(), beside.shape)
    return matrix, place if beside.max() > 0 else None


# %% q6_confusion right="plain loops"
def confusion(y_true, y_pred, n):
    matrix = [[0] * n for _ in range(n)]
    for t, p in zip(y_true, y_pred, strict=True):
        matrix[int(t)][int(p)] += 1
    worst, most = None, 0
    for t in range(n):
        for p in range(n):
            if t != p and matrix[t][p] > most:
                worst, most = [t, p], matrix[t][p]
    return matrix, worst


# %% q6_confusion right="compares the arrays, class by class"
def confusion(y_true, y_pred, n):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    matrix = np.zeros((n, n), dtype=int)
    for t in range(n):
        for p in range(n):
            matrix[t, p] = np.sum((y_true == t) & (y_pred == p))
    mistakes = np.where(np.eye(n, dtype=bool), 0, matrix)
    if mistakes.max() == 0:
        return matrix, None
    return matrix, tuple(np.argwhere(mistakes == mistakes.max())[0])


# %% q6_confusion wrong="rows and columns exchanged" loses="q6_confusion-matrix q6_confusion-worst"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    np.add.at(matrix, (np.asarray(y_pred), np.asarray(y_true)), 1)
    beside = matrix * (1 - np.eye(n, dtype=int))
    return matrix, divmod(int(beside.argmax()), n) if beside.any() else None


# %% q6_confusion wrong="right answers taken for mistakes" loses="q6_confusion-worst"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    np.add.at(matrix, (np.asarray(y_true), np.asarray(y_pred)), 1)
    return matrix, divmod(int(matrix.argmax()), n)


# %% q6_confusion wrong="each pair counted once" loses="q6_confusion-matrix q6_confusion-worst"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    matrix[np.asarray(y_true), np.asarray(y_pred)] += 1
    beside = matrix * (1 - np.eye(n, dtype=int))
    return matrix, divmod(int(beside.argmax()), n) if beside.any() else None


# %% q6_confusion wrong="uint8 runs over" loses="q6_confusion-worst"
def confusion(y_true, y_pred, n):
    pairs = np.asarray(y_true) * np.asarray(n, dtype=np.asarray(y_true).dtype) + np.asarray(y_pred)
    matrix = np.bincount(pairs, minlength=n * n).reshape(n, n)
    beside = matrix * (1 - np.eye(n, dtype=int))
    return matrix, divmod(int(beside.argmax()), n) if beside.any() else None


# %% q6_confusion wrong="no answer for a reader without mistakes" loses="q6_confusion-worst"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    np.add.at(matrix, (np.asarray(y_true), np.asarray(y_pred)), 1)
    beside = matrix * (1 - np.eye(n, dtype=int))
    return matrix, divmod(int(beside.argmax()), n)


# %% q6_confusion wrong="the diagonal wiped out in the matrix, too" loses="q6_confusion-matrix"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    np.add.at(matrix, (np.asarray(y_true), np.asarray(y_pred)), 1)
    np.fill_diagonal(matrix, 0)
    return matrix, divmod(int(matrix.argmax()), n) if matrix.any() else None


# %% q6_confusion wrong="the last of equals" loses="q6_confusion-worst"
def confusion(y_true, y_pred, n):
    matrix = np.zeros((n, n), dtype=int)
    np.add.at(matrix, (np.asarray(y_true), np.asarray(y_pred)), 1)
    beside = matrix * (1 - np.eye(n, dtype=int))
    last = n * n - 1 - int(beside.ravel()[::-1].argmax())
    return matrix, divmod(last, n) if beside.any() else None


# %% q7_train_reader right="functional, logits, scaled by batch normalisation"
def train_reader(x, y):
    layers = keras.layers
    inputs = keras.Input(shape=(28, 28, 1))
    h = layers.RandomTranslation(0.05, 0.05, fill_mode="constant")(inputs)
    h = layers.BatchNormalization(momentum=0.9)(h)
    for filters in (12, 24, 48):
        h = layers.Conv2D(filters, 3, use_bias=False)(h)
        h = layers.MaxPooling2D()(h) if filters < 48 else h
        h = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(h))
    h = layers.Dropout(0.3)(layers.Flatten()(h))
    model = keras.Model(inputs, layers.Dense(10)(h))  # logits: the largest still says the digit
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=6 * len(x) // 100)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate), loss=loss)
    model.fit(x, y, epochs=6, batch_size=100, verbose=0)
    return model


# %% q7_train_reader right="two convolutions of 5 x 5, one-hot labels"
def train_reader(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.Rescaling(1 / 255)])
    model.add(layers.RandomTranslation(0.06, 0.06, fill_mode="constant"))
    for filters in (16, 32):
        model.add(layers.Conv2D(filters, 5, activation="relu"))
        model.add(layers.MaxPooling2D())
        model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=7 * len(x) // 128)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="categorical_crossentropy")
    model.fit(x, keras.utils.to_categorical(y, 10), epochs=7, batch_size=128, verbose=0)
    return model


# %% q7_train_reader right="scaled by an adapted layer"
def train_reader(x, y):
    layers = keras.layers
    scale = layers.Normalization(axis=None)
    scale.adapt(x)
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), scale])
    model.add(layers.RandomTranslation(0.06, 0.06, fill_mode="nearest"))
    for filters in 16, 32, 48:
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        if filters < 48:
            model.add(layers.MaxPooling2D())
        model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Flatten())
    model.add(layers.Dense(48, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    rate = keras.optimizers.schedules.CosineDecay(0.004, decay_steps=6 * len(x) // 128)
    adam = keras.optimizers.Adam(learning_rate=rate)
    model.compile(optimizer=adam, loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=6, batch_size=128, verbose=0)
    return model


# %% q7_train_reader wrong="a dense layer of 100 units, far too large" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    layers = keras.layers
    scaled = [keras.Input(shape=(28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    dense = [layers.Dense(100, activation="relu"), layers.Dense(10, activation="softmax")]
    model = keras.Sequential(scaled + dense)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=100, verbose=0)
    return model


# %% q7_train_reader wrong="a small dense network" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    layers = keras.layers
    scaled = [keras.Input(shape=(28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()]
    dense = [layers.Dense(60, activation="relu"), layers.Dense(10, activation="softmax")]
    model = keras.Sequential(scaled + dense)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5, batch_size=100, verbose=0)
    return model


# %% q7_train_reader wrong="scaled outside the model" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1))])
    model.add(layers.Conv2D(8, 5, strides=2, activation="relu"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Conv2D(16, 5, strides=2, activation="tanh"))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 255, y, epochs=2, batch_size=100, verbose=0)
    return model


# %% q7_train_reader wrong="scaled by a Lambda, which the grader does not rebuild" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    layers = keras.layers
    scale = layers.Lambda(lambda pixels: pixels / 255)
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), scale])
    model.add(layers.Conv2D(8, 5, strides=2, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=100, verbose=0)
    return model


# %% q7_train_reader wrong="a layer of a class of its own" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    class Scaled(keras.layers.Layer):
        def call(self, pixels):
            return pixels / 255

    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), Scaled()])
    model.add(layers.Conv2D(8, 5, strides=2, activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=100, verbose=0)
    return model


# %% q7_train_reader wrong="returns the history" loses="q7_train_reader-bronze q7_train_reader-silver q7_train_reader-gold"
def train_reader(x, y):
    layers = keras.layers
    model = keras.Sequential([keras.Input(shape=(28, 28, 1)), layers.Flatten(), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    return model.fit(x, y, epochs=1, batch_size=500, verbose=0)
