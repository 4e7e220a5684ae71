package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import java.util.HashMap;
import java.util.Map;

/** By what a layer's options multiply the true derivative by a batch's rows. */
final class GradientFactors {
  private final Parameter weight;
  private final LookupOptions options;

  /** How often each row is named. */
  private final Map<Long, Integer> counts = new HashMap<>();

  /**
   * Counts ids.
   *
   * @param count how many of {@code ids} have a gradient
   * @throws IllegalArgumentException if the layer limits norms
   */
  GradientFactors(TableLayer layer, LookupOptions options, int[] ids, int count) {
    requireArgument(
        !options.hasMaxNorm(),
        "maxNorm = %s: the gradient ignores that forward shortens rows; check without it",
        options.maxNorm());
    this.weight = layer.parameters().getFirst();
    this.options = options;
    for (int i = 0; i < count; i++) {
      boolean good = ids[i] >= 0 && ids[i] < layer.numEmbeddings();
      counts.merge(good ? ids[i] : options.clampTo(), 1, Integer::sum);
    }
  }

  @SuppressWarnings("ReferenceEquality") // the very parameter is meant
  double of(Parameter parameter, long row) {
    if (parameter != weight) {
      return 1;
    }
    if (row == options.paddingIdx()) {
      return 0;
    }
    return options.scaleGradByFreq() ? 1.0 / counts.getOrDefault(row, 1) : 1;
  }
}
