package dev.embedcl.nn;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the gradient of bags each row of the table sums, and what each is multiplied by:
 * every position contributes its bag's row, times its weight or 1 / (how many of the bag count).
 */
final class BagGradientRows {
  private final boolean wide;
  private final IndexGroups groups;
  private int[] bagOf = new int[0];
  private float[] scales = new float[0];
  private double[] wideScales = new double[0];
  private boolean weightsKept;

  /** Creates the rows of gradients of a type. */
  BagGradientRows(DType type) {
    this.wide = type == DType.FLOAT64;
    this.groups = new IndexGroups(type);
  }

  IndexGroups groups() {
    return groups;
  }

  /**
   * Takes the weights of the next batch, so that {@link #rebuild} need not fetch them from the
   * device and wait for it.
   *
   * @param weights a weight for each id, of the gradients' type, or null where the host has none
   * @param count how many ids
   */
  void keepWeights(@Nullable MemorySegment weights, int count) {
    weightsKept = weights != null;
    if (weights != null) {
      ensureScales(count);
      scaleMemory(count).copyFrom(weights);
    }
  }

  /**
   * Finds the rows of a batch.
   *
   * @param starts where each bag begins, and where the last one ends
   * @param forward the pass to take the gradient of
   * @throws IndexOutOfBoundsException if an id is not in [0, numEmbeddings)
   */
  void rebuild(
      int[] ids,
      int[] starts,
      long numEmbeddings,
      LookupOptions options,
      EmbeddingBagForward forward) {
    int bags = starts.length - 1;
    // Ids behind the last bag contribute nothing.
    int count = starts[bags];
    groups.rebuild(ids, count, numEmbeddings, options.paddingIdx());
    if (bagOf.length < count) {
      bagOf = new int[count];
    }
    for (int b = 0; b < bags; b++) {
      Arrays.fill(bagOf, starts[b], starts[b + 1], b);
    }
    DeviceBuffer sampleWeights = forward.perSampleWeights();
    if (sampleWeights != null) {
      if (!weightsKept) {
        ensureScales(count);
        sampleWeights.read(scaleMemory(count));
      }
      scale();
    } else if (forward.mode() == BagMode.MEAN) {
      ensureScales(count);
      shareOut(ids, starts, options.paddingIdx());
      scale();
    }
    if (options.scaleGradByFreq()) {
      groups.scaledByFrequency();
    }
    if (forward.mode() == BagMode.MAX) {
      groups.keepPositions();
    }
    groups.fromRows(bagOf, bags);
  }

  /** Gives each position 1 / (how many of its bag count), rounded once. */
  private void shareOut(int[] ids, int[] starts, long paddingIdx) {
    for (int b = 0; b < starts.length - 1; b++) {
      int size = 0;
      for (int n = starts[b]; n < starts[b + 1]; n++) {
        size += ids[n] == paddingIdx ? 0 : 1;
      }
      double share = 1.0 / Math.max(1, size);
      if (wide) {
        Arrays.fill(wideScales, starts[b], starts[b + 1], share);
      } else {
        Arrays.fill(scales, starts[b], starts[b + 1], (float) share);
      }
    }
  }

  private void scale() {
    if (wide) {
      groups.scaledBy(wideScales);
    } else {
      groups.scaledBy(scales);
    }
  }

  private MemorySegment scaleMemory(int count) {
    return wide
        ? MemorySegment.ofArray(wideScales).asSlice(0, (long) count * Double.BYTES)
        : MemorySegment.ofArray(scales).asSlice(0, (long) count * Float.BYTES);
  }

  private void ensureScales(int count) {
    if (wide && wideScales.length < count) {
      wideScales = new double[count];
    } else if (!wide && scales.length < count) {
      scales = new float[count];
    }
  }
}
