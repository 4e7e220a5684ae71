package dev.embedcl.gpureport;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Accumulation;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether a device gives the bits that the pure-Java backend gives, at the shapes that are timed.
 * The atomic scatter has no fixed order, so each element has to be within (n - 1) * n * 2^-24 / 2
 * of the deterministic sum of its n contributions, each at most 1/2, with a factor of 2 for both
 * sums.
 */
final class Correctness {
  private static final int SAMPLES = 32;

  private final BatchShape shape;
  private final HostData data;
  private final ShapeBuffers device;
  private final ShapeBuffers reference;
  private final List<Check> checks = new ArrayList<>();

  /** One comparison; {@code difference} is empty where it passed. */
  record Check(String operation, String difference) {}

  /** What others compare their results with. */
  record Fingerprints(long forwardSum, Map<String, List<Double>> samples) {}

  Correctness(BatchShape shape, HostData data, ShapeBuffers device, ShapeBuffers reference) {
    this.shape = shape;
    this.data = data;
    this.device = device;
    this.reference = reference;
  }

  List<Check> checks() {
    return checks;
  }

  /** Runs every operation on both, from the start values; leaves tables and gradients changed. */
  Fingerprints run(int[] ids, IndexGroups groups) {
    for (ShapeBuffers each : List.of(device, reference)) {
      each.reset(data);
      each.writeIds(0, ids);
      each.forward(0);
      each.backward(0, groups, Accumulation.DETERMINISTIC);
    }
    Map<String, List<Double>> samples = new LinkedHashMap<>();
    same("forward", device.out(), reference.out());
    MemorySegment out = data.scratch().asSlice(0, shape.outElements() * Float.BYTES);
    final long forwardSum = Inputs.sumOfWords(out); // what was read last is in the scratch memory
    samples.put("forward", sampleOutput(out));
    same("backward, deterministic", device.gradWeight(), reference.gradWeight());
    samples.put("backward", sampleTable(ids));
    same("backward, positions", device.gradPositions(), reference.gradPositions());
    device.clearGradients();
    device.backward(0, groups, Accumulation.ATOMIC);
    near("backward, atomic", device.gradWeight(), reference.gradWeight(), groups);
    same("backward, atomic, positions", device.gradPositions(), reference.gradPositions());
    device.clearGradients();
    device.backward(0, groups, Accumulation.DETERMINISTIC);
    device.sgdStep(0, groups);
    reference.sgdStep(0, groups);
    same("sgd step, fused", device.weight(), reference.weight());
    samples.put("sgd", sampleTable(ids));
    same("sgd step, fused, positions", device.positions(), reference.positions());
    device.denseSgdStep();
    reference.denseSgdStep();
    same("sgd step, dense", device.weight(), reference.weight());
    return new Fingerprints(forwardSum, samples);
  }

  private void same(String operation, @Nullable Matrix ours, @Nullable Matrix theirs) {
    if (ours == null || theirs == null) {
      return;
    }
    MemorySegment read = read(ours);
    try (DeviceBuffer.Mapping expected = theirs.buffer().map(DeviceBuffer.MapMode.READ)) {
      long at = read.mismatch(expected.segment());
      checks.add(
          new Check(
              operation, at < 0 ? "" : difference(read, expected.segment(), at / Float.BYTES)));
    }
  }

  private void near(String operation, Matrix ours, Matrix theirs, IndexGroups groups) {
    int[] contributions = new int[shape.numEmbeddings()];
    for (int block = 0; block < groups.blocks(); block++) {
      contributions[groups.blockRow(block)] +=
          groups.blockStart(block + 1) - groups.blockStart(block);
    }
    MemorySegment read = read(ours);
    String wrong = "";
    try (DeviceBuffer.Mapping expected = theirs.buffer().map(DeviceBuffer.MapMode.READ)) {
      int dim = shape.embeddingDim();
      for (int row = 0; row < shape.numEmbeddings() && wrong.isEmpty(); row++) {
        double n = contributions[row];
        double bound = (n - 1) * n * 0x1p-24;
        for (long i = (long) row * dim; i < (row + 1L) * dim; i++) {
          double distance = Math.abs((double) at(read, i) - at(expected.segment(), i));
          if (!(distance <= Math.max(bound, 0))) {
            wrong = difference(read, expected.segment(), i);
            break;
          }
        }
      }
    }
    checks.add(new Check(operation, wrong));
  }

  private MemorySegment read(Matrix matrix) {
    MemorySegment target =
        data.scratch().asSlice(0, matrix.rows() * matrix.columns() * Float.BYTES);
    matrix.buffer().read(0, target);
    return target;
  }

  /** Returns elements of the output that is in the scratch memory. */
  private List<Double> sampleOutput(MemorySegment out) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      long row = Inputs.below(Inputs.SAMPLE_SEED, 2 * i, shape.count());
      values.add((double) at(out, row * shape.embeddingDim() + column(i)));
    }
    return values;
  }

  /** Returns elements of the table that is in the scratch memory, of rows that the batch names. */
  private List<Double> sampleTable(int[] ids) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      long row = ids[(int) Inputs.below(Inputs.SAMPLE_SEED, 2 * i, shape.count())];
      values.add((double) at(data.scratch(), row * shape.embeddingDim() + column(i)));
    }
    return values;
  }

  private long column(int sample) {
    return Inputs.below(Inputs.SAMPLE_SEED, 2L * sample + 1, shape.embeddingDim());
  }

  private String difference(MemorySegment ours, MemorySegment theirs, long element) {
    return "row %d, column %d: %s instead of %s"
        .formatted(
            element / shape.embeddingDim(),
            element % shape.embeddingDim(),
            at(ours, element),
            at(theirs, element));
  }

  private static float at(MemorySegment floats, long element) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, element);
  }
}
