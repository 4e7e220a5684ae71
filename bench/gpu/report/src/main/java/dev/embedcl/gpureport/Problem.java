package dev.embedcl.gpureport;

import dev.embedcl.memory.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A size and how tables and outputs are stored. Gradients and optimizer state are float32 always.
 */
record Problem(BatchShape shape, DType storage) {

  /**
   * Returns what there is to measure, the most important first: what is late may be left out.
   *
   * @param quick whether only small sizes are wanted
   * @param name part of the names of those that are wanted
   */
  static List<Problem> all(boolean quick, String name) {
    List<Problem> problems = new ArrayList<>();
    problems.add(new Problem(BatchShape.TINY, DType.FLOAT32));
    List<BatchShape> shapes =
        quick
            ? List.of(BatchShape.gpt2(8), BatchShape.FEW_BAGS)
            : List.of(
                BatchShape.gpt2(32),
                BatchShape.WIDE,
                BatchShape.BAGS,
                BatchShape.gpt2(64),
                BatchShape.gpt2(8),
                BatchShape.gpt2(16));
    for (DType storage : List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16)) {
      for (BatchShape shape : shapes) {
        problems.add(new Problem(shape, storage));
      }
    }
    problems.removeIf(problem -> !problem.shape().name().contains(name));
    return problems;
  }

  /** Returns how the report and the peers call the storage. */
  String storageName() {
    return storage.name().toLowerCase(Locale.ROOT);
  }

  String title(IdDistribution ids) {
    return shape.name() + ", " + storageName() + ", " + ids.title();
  }

  boolean isNarrow() {
    return storage != DType.FLOAT32;
  }

  /** Returns the bytes of the token table. */
  long tableBytes() {
    return shape.tableElements() * storage.bytes();
  }

  /** Returns the bytes of a gradient or a moment of the token table's size. */
  long stateBytes() {
    return shape.tableElements() * Float.BYTES;
  }

  /** Returns the bytes of a batch on a device: ids, result and the result's gradient. */
  long batchBytes() {
    return 4L * shape.count() + shape.outElements() * (storage.bytes() + Float.BYTES);
  }
}
