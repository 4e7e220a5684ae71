package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a device gives the bits that the pure-Java backend gives, in the very tables that are
 * timed. The reference has only the rows that the batch names: what an operation makes of a row
 * does not depend on the others, and those that no id names have to stay as they were. The atomic
 * scatter has no fixed order, so its sums are compared within a bound.
 */
final class Correctness implements AutoCloseable {
  private static final int SAMPLES = 32;

  private final BatchShape shape;
  private final Tables device;
  private final Tables reference;
  private final int[] rows;
  private final int[] contributions;
  private final int[] ranks;
  private final int[] ids;

  /**
   * Makes the reference.
   *
   * @param batch the first of the device's batches
   */
  Correctness(Problem problem, Batch batch, Tables device, Backend java) {
    this.shape = problem.shape();
    this.device = device;
    this.rows = batch.rows();
    this.contributions = batch.contributions();
    this.ids = batch.ids();
    Batch compact = batch.compact(shape);
    this.ranks = compact.ids();
    this.reference = new Tables(java, problem, rows.length, List.of(compact));
  }

  /** Gives both tables their start values. */
  void reset() {
    device.reset(row -> row);
    reference.reset(row -> rows[(int) row]);
  }

  /** Runs an operation on both; returns how the results differ, or an empty text. */
  String check(Work work) {
    device.prepare(work);
    work.run(device, 0);
    reference.prepare(work);
    work.run(reference, 0);
    List<String> differences = new ArrayList<>();
    for (Part part : work.changes()) {
      if (part.isOfTable()) {
        boolean exact = !(work.hasNoOrder() && part == Part.GRADIENT);
        add(differences, part, "", tokens(part, exact ? null : contributions));
        if (device.positions() != null) {
          add(differences, part, " of positions", positions(part));
        }
      } else {
        add(differences, part, "", result(part));
      }
    }
    return String.join("; ", differences);
  }

  private static void add(List<String> all, Part part, String of, String difference) {
    if (!difference.isEmpty()) {
      all.add(part + of + ", " + difference);
    }
  }

  private String tokens(Part part, int @Nullable [] bounds) {
    var ours = device.tokens().matrix(part);
    var theirs = reference.tokens().matrix(part);
    DType type = ours.type();
    int columns = ours.columns();
    return Comparison.table(
        ours.buffer(),
        theirs.buffer(),
        columns,
        rows,
        (row, number) -> {
          if (part == Part.WEIGHT) {
            Inputs.fill(row, type, Inputs.WEIGHT_SEED, number * columns);
          } else {
            row.fill((byte) 0);
          }
        },
        bounds);
  }

  private String positions(Part part) {
    var ours = Objects.requireNonNull(device.positions()).matrix(part);
    var theirs = Objects.requireNonNull(reference.positions()).matrix(part);
    return Comparison.same(ours.buffer(), theirs.buffer(), ours.rows(), ours.columns());
  }

  private String result(Part part) {
    DeviceBuffer ours = device.result(part);
    DeviceBuffer theirs = reference.result(part);
    return switch (part) {
      case SPARSE_ROWS -> {
        int[] read = new int[rows.length];
        ours.read(MemorySegment.ofArray(read));
        int at = Arrays.mismatch(read, rows);
        yield at < 0 ? "" : "row %d: %d instead of %d".formatted(at, read[at], rows[at]);
      }
      case SPARSE_VALUES -> Comparison.same(ours, theirs, rows.length, shape.embeddingDim());
      default -> Comparison.same(ours, theirs, shape.outRows(), shape.embeddingDim());
    };
  }

  /** Returns elements of what an operation that was right has changed, for others to compare. */
  List<Double> samples(Work work) {
    Part part = work.changes().iterator().next();
    DeviceBuffer buffer =
        part.isOfTable() ? reference.tokens().matrix(part).buffer() : reference.result(part);
    List<Double> values = new ArrayList<>();
    try (DeviceBuffer.Mapping mapping = buffer.map(DeviceBuffer.MapMode.READ)) {
      for (int i = 0; i < SAMPLES; i++) {
        int n = (int) Inputs.below(Inputs.SAMPLE_SEED, 2 * i, ids.length);
        long row = part != Part.OUT ? ranks[n] : shape.bags() ? n / shape.seqLen() : n;
        long column = Inputs.below(Inputs.SAMPLE_SEED, 2L * i + 1, shape.embeddingDim());
        long element = row * shape.embeddingDim() + column;
        values.add((double) Inputs.at(mapping.segment(), buffer.type(), element));
      }
    }
    return values;
  }

  /** Returns the sum of the bits of the last forward pass, which was right. */
  long sumOfBits() {
    DeviceBuffer out = reference.result(Part.OUT);
    try (DeviceBuffer.Mapping mapping = out.map(DeviceBuffer.MapMode.READ)) {
      return Inputs.sumOfBits(mapping.segment(), out.type());
    }
  }

  @Override
  public void close() {
    reference.close();
  }
}
