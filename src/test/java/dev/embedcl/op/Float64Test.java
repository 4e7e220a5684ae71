package dev.embedcl.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Operations on float64: in pure Java bit for bit as plain loops in the documented order give them,
 * and refused by OpenCL devices.
 */
@DefaultLaunchProfile
final class Float64Test {
  private static final int[] DIMENSIONS = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33};
  private static final double[] NORM_TYPES = {2, 1, Double.POSITIVE_INFINITY, 3, 0.5};

  /** What has no operand that could be float64. */
  private static final Set<Class<?>> NEVER_FLOAT64 =
      Set.of(IndexClamp.class, RowNorms.class, MatrixScale.class);

  /** An operation, what it writes and what is to be found there. */
  private static final class Expected {
    private final Operation operation;
    private final DeviceBuffer target;
    private final double[] values;

    Expected(Operation operation, DeviceBuffer target, double[] values) {
      this.operation = operation;
      this.target = target;
      this.values = values;
    }
  }

  @EveryBackend
  void pureJavaGivesTheReferenceBits(TestBackend device) {
    if (device.shared().device().type() == DeviceType.JAVA) {
      for (int dim : DIMENSIONS) {
        check(device.shared(), new DoubleCase(dim, 5, 7, 20, dim));
      }
      check(device.shared(), new DoubleCase(100, 130, 3, 4, 5)); // long rows, by id and position
      check(device.shared(), new DoubleCase(101, 3, 200, 6, 3)); // long bags
      check(device.shared(), new DoubleCase(102, 0, 3, 4, 5));
      check(device.shared(), new DoubleCase(103, 4, 0, 4, 5));
      check(device.shared(), new DoubleCase(104, 1, 1, 3, 1));
    }
  }

  private static void check(Backend backend, DoubleCase of) {
    try (TestMemory ids = new TestMemory(backend);
        DoubleMemory memory = new DoubleMemory(backend)) {
      for (Expected each : operations(of, ids, memory)) {
        assertThat(each.operation.isFloat64()).isTrue();
        backend.execute(each.operation);
        assertThat(memory.read(each.target))
            .as("%s of %s", each.operation.getClass().getSimpleName(), of)
            .isEqualTo(each.values);
      }
      backend.synchronize();
    }
  }

  @EveryBackend
  void winnersAndRowNumbersAreThoseOfTheReference(TestBackend device) {
    if (device.shared().device().type() != DeviceType.JAVA) {
      return;
    }
    DoubleCase of = new DoubleCase(1, 9, 9, 30, 6);
    try (TestMemory ids = new TestMemory(device.shared());
        DoubleMemory memory = new DoubleMemory(device.shared())) {
      int[] expected = new int[of.bags() * of.dim];
      of.bagForward(BagMode.MAX, false, expected);
      DeviceBuffer winners = ids.ids(new int[expected.length]);
      device
          .shared()
          .execute(
              new EmbeddingBagForward(
                  memory.matrix(of.dim, of.weight),
                  bags(of, ids),
                  BagMode.MAX,
                  null,
                  memory.matrix(of.dim, new double[expected.length]),
                  winners));
      assertThat(ids.readBits(winners)).isEqualTo(expected);

      IndexGroups groups = IndexGroups.of(of.ids, of.rows);
      DeviceBuffer rows = ids.ids(new int[groups.uniqueRows()]);
      device
          .shared()
          .execute(
              new CoalescedGradient(
                  memory.matrix(of.dim, of.gradOutput),
                  groups,
                  rows,
                  memory.matrix(of.dim, new double[groups.uniqueRows() * of.dim])));
      assertThat(ids.readBits(rows)).isEqualTo(Arrays.stream(of.ids).sorted().distinct().toArray());
    }
  }

  @EveryBackend
  void badIdsAreSkippedAndReported(TestBackend device) {
    if (device.shared().device().type() != DeviceType.JAVA) {
      return;
    }
    try (TestMemory ids = new TestMemory(device.shared());
        DoubleMemory memory = new DoubleMemory(device.shared())) {
      Matrix weight = memory.matrix(1, 1, 2, 3);
      DeviceBuffer bad = ids.ids(new int[] {2, 3, -1});
      Matrix out = memory.matrix(1, 7, 7, 7);
      device.shared().execute(new EmbeddingForward(weight, bad, null, out, 1, 3));
      assertThat(memory.read(out)).containsExactly(3, 7, 7);
      assertThatThrownBy(device.shared()::synchronize)
          .hasMessage("indices[1] = 3 is out of range [0, 3)");
      Bags bags = new Bags(bad, ids.ids(new int[] {0, 3}), 3, 1, -1);
      device.shared().execute(new EmbeddingBagForward(weight, bags, BagMode.SUM, null, out, null));
      assertThat(memory.read(out)).containsExactly(3, 7, 7);
      assertThatThrownBy(device.shared()::synchronize)
          .hasMessage("indices[1] = 3 is out of range [0, 3)");
      Matrix gradWeight = memory.matrix(1, 0, 0, 0);
      device.shared().execute(new EmbeddingBackwardAtomic(out, bad, gradWeight, -1, null, 1, 3));
      assertThat(memory.read(gradWeight)).containsExactly(0, 0, 3);
      assertThatThrownBy(device.shared()::synchronize)
          .hasMessage("indices[1] = 3 is out of range [0, 3)");
    }
  }

  @EveryBackend
  void everyOperationIsRefusedByOpenClDevices(TestBackend device) {
    if (device.shared().device().type() == DeviceType.JAVA) {
      return;
    }
    try (TestMemory ids = new TestMemory(device.shared());
        DoubleMemory memory = new DoubleMemory(device.shared())) {
      for (Expected each : operations(new DoubleCase(3, 3, 4, 6, 5), ids, memory)) {
        double[] before = memory.read(each.target);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> device.shared().execute(each.operation))
            .withMessageStartingWith(each.operation.getClass().getSimpleName() + " of FLOAT64")
            .withMessageContaining("which computes in float32; open the device 'cpu' for float64");
        assertThat(memory.read(each.target)).isEqualTo(before);
      }
    }
  }

  /** A new operation joins the lists of this test, or those of what is never float64. */
  @Test
  void everyKindOfOperationIsTested() {
    try (Backend cpu = Backends.open("cpu");
        TestMemory ids = new TestMemory(cpu);
        DoubleMemory memory = new DoubleMemory(cpu)) {
      List<Class<?>> tested = new ArrayList<>(NEVER_FLOAT64);
      for (Expected each : operations(new DoubleCase(3, 3, 4, 6, 5), ids, memory)) {
        tested.add(each.operation.getClass());
      }
      assertThat(tested).contains(Operation.class.getPermittedSubclasses());
    }
  }

  /** Returns every operation in several ways, each with a target of its own. */
  private static List<Expected> operations(DoubleCase of, TestMemory ids, DoubleMemory memory) {
    List<Expected> all = new ArrayList<>();
    DeviceBuffer indices = ids.ids(of.ids);
    Matrix weight = memory.matrix(of.dim, of.weight);
    Matrix gradOutput = memory.matrix(of.dim, of.gradOutput);
    Matrix table = memory.matrix(of.dim, of.positions);
    Positions positions = new Positions(table, of.start);
    for (boolean with : new boolean[] {false, true}) {
      Matrix out = memory.matrix(of.dim, new double[of.count() * of.dim]);
      all.add(
          new Expected(
              new EmbeddingForward(
                  weight, indices, with ? positions : null, out, of.batchSize, of.seqLen),
              out.buffer(),
              of.forward(with)));
    }
    gradients(of, memory, gradOutput, all);
    DeviceBuffer rows = ids.ids(new int[of.count()]);
    coalesced(of, memory, gradOutput, rows, all);
    scattered(of, memory, gradOutput, indices, all);
    for (double p : NORM_TYPES) {
      Matrix limited = memory.matrix(of.dim, of.weight);
      IndexGroups named =
          new IndexGroups().rebuild(of.ids, of.count(), of.rows, DoubleCase.PADDING);
      all.add(
          new Expected(
              new EmbeddingRenorm(limited, named, 0.5, p), limited.buffer(), of.renormed(0.5, p)));
    }
    bags(of, ids, memory, weight, gradOutput, all);
    return all;
  }

  private static void gradients(
      DoubleCase of, DoubleMemory memory, Matrix gradOutput, List<Expected> all) {
    int[] own = own(of);
    double[] ones = ones(of);
    for (int padding : new int[] {-1, DoubleCase.PADDING}) {
      for (boolean scaled : new boolean[] {false, true}) {
        IndexGroups groups =
            new IndexGroups(DType.FLOAT64).rebuild(of.ids, of.count(), of.rows, padding);
        Map<Integer, DoubleCase.Part[]> parts = of.byId(padding, own, ones);
        if (scaled) {
          groups.scaledByFrequency();
          parts = of.byId(padding, own, of.frequencyScales());
        }
        Matrix grad = memory.matrix(of.dim, of.weight);
        all.add(
            new Expected(
                new EmbeddingUpdate(gradOutput, groups, new AccumulateUpdate(grad)),
                grad.buffer(),
                of.added(of.weight, of.sums(parts, null))));
      }
    }
    Matrix grad = memory.matrix(of.dim, of.positions);
    all.add(
        new Expected(
            new PositionUpdate(
                gradOutput, new AccumulateUpdate(grad), of.start, of.batchSize, of.seqLen),
            grad.buffer(),
            of.added(of.positions, of.sums(of.byPosition(), null))));
    Matrix dense = memory.matrix(of.dim, of.gradOutput);
    double[] twice = Arrays.stream(of.gradOutput).map(g -> g + g).toArray();
    all.add(
        new Expected(
            new DenseUpdate(gradOutput, new AccumulateUpdate(dense)), dense.buffer(), twice));
  }

  private static void coalesced(
      DoubleCase of,
      DoubleMemory memory,
      Matrix gradOutput,
      DeviceBuffer rows,
      List<Expected> all) {
    IndexGroups groups = new IndexGroups(DType.FLOAT64).rebuild(of.ids, of.count(), of.rows);
    groups.scaledBy(of.sampleWeights);
    double[] expected = new double[groups.uniqueRows() * of.dim];
    int at = 0;
    for (double[] sum : of.sums(of.byId(-1, own(of), of.sampleWeights), null).values()) {
      System.arraycopy(sum, 0, expected, at, of.dim);
      at += of.dim;
    }
    double[] stale = new double[expected.length];
    Arrays.fill(stale, 5);
    Matrix values = memory.matrix(of.dim, stale);
    all.add(
        new Expected(
            new CoalescedGradient(gradOutput, groups, rows, values), values.buffer(), expected));
  }

  private static void scattered(
      DoubleCase of,
      DoubleMemory memory,
      Matrix gradOutput,
      DeviceBuffer indices,
      List<Expected> all) {
    Matrix grad = memory.matrix(of.dim, of.weight);
    Matrix gradPositions = memory.matrix(of.dim, of.positions);
    all.add(
        new Expected(
            new EmbeddingBackwardAtomic(
                gradOutput,
                indices,
                grad,
                DoubleCase.PADDING,
                new Positions(gradPositions, of.start),
                of.batchSize,
                of.seqLen),
            grad.buffer(),
            of.added(of.weight, of.sums(of.byId(DoubleCase.PADDING, own(of), ones(of)), null))));
  }

  private static void bags(
      DoubleCase of,
      TestMemory ids,
      DoubleMemory memory,
      Matrix weight,
      Matrix gradOutput,
      List<Expected> all) {
    DeviceBuffer sampleWeights = memory.buffer(of.sampleWeights);
    Bags bags = bags(of, ids);
    int[] bagOf = of.bagOfPosition();
    int[] winners = new int[of.bags() * of.dim];
    for (BagMode mode : BagMode.values()) {
      for (boolean weighted : new boolean[] {false, mode == BagMode.SUM}) {
        Matrix out = memory.matrix(of.dim, new double[of.bags() * of.dim]);
        double[] expected = of.bagForward(mode, weighted, winners);
        all.add(
            new Expected(
                new EmbeddingBagForward(
                    weight,
                    bags,
                    mode,
                    weighted ? sampleWeights : null,
                    out,
                    mode == BagMode.MAX ? ids.ids(new int[winners.length]) : null),
                out.buffer(),
                expected));
      }
    }
    DeviceBuffer gradWeights = memory.buffer(new double[of.count()]);
    all.add(
        new Expected(
            new PerSampleWeightsGradient(weight, bags, gradOutput, gradWeights),
            gradWeights,
            of.sampleWeightsGradient()));

    of.bagForward(BagMode.MAX, false, winners);
    IndexGroups groups =
        new IndexGroups(DType.FLOAT64)
            .rebuild(of.ids, of.count(), of.rows, DoubleCase.PADDING)
            .scaledByFrequency()
            .keepPositions()
            .fromRows(bagOf, of.bags());
    Matrix grad = memory.matrix(of.dim, of.weight);
    all.add(
        new Expected(
            new EmbeddingUpdate(
                gradOutput, groups, new AccumulateUpdate(grad), ids.ids(winners.clone())),
            grad.buffer(),
            of.added(
                of.weight,
                of.sums(of.byId(DoubleCase.PADDING, bagOf, of.frequencyScales()), winners))));
  }

  private static Bags bags(DoubleCase of, TestMemory ids) {
    return new Bags(ids.ids(of.ids), ids.ids(of.starts), of.count(), of.bags(), DoubleCase.PADDING);
  }

  private static int[] own(DoubleCase of) {
    int[] own = new int[of.count()];
    Arrays.setAll(own, n -> n);
    return own;
  }

  private static double[] ones(DoubleCase of) {
    double[] ones = new double[of.count()];
    Arrays.fill(ones, 1);
    return ones;
  }
}
