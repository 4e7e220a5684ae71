package dev.embedcl.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the constructors of the operations refuse, and in which words. */
final class OperationChecksTest {
  private static final IndexGroups SIX_IDS = IndexGroups.of(new int[] {0, 1, 2, 3, 4, 5}, 10);

  private final Matrix weight = matrix(10, 4);
  private final Matrix rows = matrix(6, 4);
  private final Matrix table = matrix(5, 4);
  private final DeviceBuffer ids = new StubBuffer(DType.INT32, 6);

  @Test
  void matrixHasToFitItsBuffer() {
    refused(
        () -> new Matrix(new StubBuffer(DType.INT32, 8), 2, 4),
        "a matrix of INT32 is not supported; use FLOAT32, FLOAT16 or BFLOAT16 for storage, or"
            + " FLOAT64 to check gradients");
    refused(() -> matrix(-1, 4), "rows = -1 is out of range [0, 2147483648]");
    refused(
        () -> new Matrix(floats(Long.MAX_VALUE), (1L << 31) + 1, 4),
        "rows = 2147483649 is out of range [0, 2147483648]");
    refused(() -> matrix(3, 0), "columns = 0; an embedding has at least 1 dimension");
    refused(
        () -> new Matrix(floats(11), 3, 4), "a [3, 4] matrix takes 12 elements; the buffer has 11");
    assertThatCode(() -> new Matrix(floats(1L << 40), 1L << 31, 512)).doesNotThrowAnyException();
    assertThatCode(() -> new Matrix(floats(0), 0, 4)).doesNotThrowAnyException();
  }

  @Test
  void messagesAreTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      refused(() -> matrix(3, -12), "columns = -12; an embedding has at least 1 dimension");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void positionsHaveToFitTheirTable() {
    refused(() -> new Positions(table, -1), "start = -1 is out of range [0, 5]");
    refused(() -> new Positions(table, 6), "start = 6 is out of range [0, 5]");
    assertThatCode(() -> new Positions(table, 5)).doesNotThrowAnyException();
    refused(
        () -> new EmbeddingForward(weight, ids, new Positions(table, 3), rows, 2, 3),
        "a sequence of length 3 starting at position 3 needs 6 positions; the positional table"
            + " has 5: use shorter sequences or a longer table");
    refused(
        () -> new EmbeddingForward(weight, ids, new Positions(matrix(9, 3), 0), rows, 2, 3),
        "the positional table has 3 columns; embeddingDim is 4");
  }

  @Test
  void forwardRefusesWhatDoesNotFit() {
    refused(() -> forward(ids, rows, -1, 3), "batchSize = -1 is negative");
    refused(() -> forward(ids, rows, 3, -1), "seqLen = -1 is negative");
    refused(
        () -> forward(ids, rows, 1 << 16, 1 << 15),
        "batchSize * seqLen = 65536 * 32768 = 2147483648 exceeds the limit of 2147483647 ids per"
            + " call; split the batch");
    refused(
        () -> forward(new StubBuffer(DType.INT64, 6), rows, 2, 3),
        "indices hold INT64; ids are kept as INT32 on a device");
    refused(
        () -> forward(new StubBuffer(DType.INT32, 5), rows, 2, 3),
        "indices hold 5 ids; batchSize * seqLen = 6 are needed");
    refused(
        () -> forward(ids, matrix(5, 4), 2, 3),
        "out has 5 rows; batchSize * seqLen = 6 are needed");
    refused(() -> forward(ids, matrix(6, 5), 2, 3), "out has 5 columns; embeddingDim is 4");
    refused(() -> forward(ids, weight, 2, 3), "out and weight are the same buffer");
    refused(
        () -> new EmbeddingForward(weight, ids, new Positions(rows, 0), rows, 2, 3),
        "out and the positional table are the same buffer");
    assertThat(new EmbeddingForward(weight, ids, new Positions(table, 2), rows, 2, 3).count())
        .isEqualTo(6);
  }

  @Test
  void updateByIdRefusesWhatDoesNotFit() {
    RowUpdate update = new AccumulateUpdate(weight);
    refused(
        () -> new EmbeddingUpdate(matrix(5, 4), SIX_IDS, update),
        "gradOutput has 5 rows; the groups were built for 6");
    refused(
        () -> new EmbeddingUpdate(matrix(6, 3), SIX_IDS, update),
        "gradOutput has 3 columns; embeddingDim is 4");
    refused(
        () -> new EmbeddingUpdate(weight, SIX_IDS, update),
        "gradOutput and the table are the same buffer");
    refused(
        () -> new EmbeddingUpdate(rows, SIX_IDS, new AccumulateUpdate(matrix(9, 4))),
        "groups were built for 10 embeddings; the table has 9 rows");
    Matrix state = matrix(10, 4);
    refused(
        () -> new EmbeddingUpdate(state, SIX_IDS, new AdagradUpdate(weight, state, 1, 0, 0)),
        "gradOutput and the optimizer's state are the same buffer");
    refused(
        () -> new EmbeddingUpdate(state, SIX_IDS, adam(matrix(10, 4), state, 1, 0)),
        "gradOutput and the optimizer's state are the same buffer");
  }

  @Test
  void updateByPositionRefusesWhatDoesNotFit() {
    RowUpdate update = new AccumulateUpdate(table);
    refused(
        () -> new PositionUpdate(rows, update, 0, 7, 1),
        "gradOutput has 6 rows; batchSize * seqLen = 7 are needed");
    refused(
        () -> new PositionUpdate(matrix(6, 3), update, 0, 2, 3),
        "gradOutput has 3 columns; embeddingDim is 4");
    refused(
        () -> new PositionUpdate(rows, new AccumulateUpdate(rows), 0, 2, 3),
        "gradOutput and the table are the same buffer");
    refused(() -> new PositionUpdate(rows, update, -1, 2, 3), "start = -1 is out of range [0, 5]");
    refused(
        () -> new PositionUpdate(rows, update, 3, 2, 3),
        "a sequence of length 3 starting at position 3 needs 6 positions; the positional table"
            + " has 5: use shorter sequences or a longer table");
    refused(() -> new PositionUpdate(rows, update, 0, -2, 3), "batchSize = -2 is negative");
  }

  @Test
  void denseUpdateRefusesWhatDoesNotFit() {
    refused(
        () -> new DenseUpdate(rows, new AccumulateUpdate(weight)),
        "gradWeight is [6, 4] but the table is [10, 4]");
    refused(
        () -> new DenseUpdate(rows, new AccumulateUpdate(rows)),
        "gradWeight and the table are the same buffer");
  }

  @Test
  void coalescedGradientRefusesWhatDoesNotFit() {
    refused(
        () -> new CoalescedGradient(rows, SIX_IDS, ids, matrix(6, 3)),
        "gradOutput has 4 columns; embeddingDim is 3");
    refused(
        () -> new CoalescedGradient(matrix(5, 4), SIX_IDS, ids, weight),
        "gradOutput has 5 rows; the groups were built for 6");
    refused(
        () -> new CoalescedGradient(rows, SIX_IDS, ids, table),
        "values has 5 rows; the batch names 6");
    refused(
        () -> new CoalescedGradient(rows, SIX_IDS, new StubBuffer(DType.INT32, 5), weight),
        "rows hold 5 numbers; the batch names 6 rows");
    refused(
        () -> new CoalescedGradient(rows, SIX_IDS, new StubBuffer(DType.INT64, 6), weight),
        "rows hold INT64; give a buffer of INT32");
    refused(
        () -> new CoalescedGradient(rows, SIX_IDS, ids, rows),
        "gradOutput and values are the same buffer");
  }

  @Test
  void scatterRefusesWhatDoesNotFit() {
    Positions positions = new Positions(table, 0);
    refused(
        () -> atomic(weight, ids, weight, -1, null),
        "gradOutput and gradWeight are the same buffer");
    refused(
        () -> atomic(rows, new StubBuffer(DType.INT32, 5), weight, -1, null),
        "indices hold 5 ids; batchSize * seqLen = 6 are needed");
    refused(() -> atomic(rows, ids, weight, 10, null), "paddingIdx = 10 is out of range [0, 10)");
    refused(() -> atomic(rows, ids, weight, -2, null), "paddingIdx = -2 is out of range [0, 10)");
    refused(
        () -> atomic(rows, ids, weight, -1, new Positions(rows, 0)),
        "gradOutput and gradPositions are the same buffer");
    refused(
        () -> atomic(rows, ids, table, -1, positions),
        "gradWeight and gradPositions are the same buffer");
  }

  @Test
  void updatesRefuseStateAndNumbersThatDoNotFit() {
    refused(() -> SgdUpdate.plain(weight, Float.NaN), "learningRate = NaN is not a finite number");
    refused(
        () -> new SgdUpdate(weight, null, 1, 0.5f, 0, 1, false, 0),
        "momentum = 0.5 and nesterov = false need a momentumBuffer");
    refused(
        () -> new SgdUpdate(weight, table, 1, 0.5f, 0.5f, 1, false, 0),
        "momentumBuffer is [5, 4]; a table of [10, 4] takes [10, 4]");
    refused(
        () -> new SgdUpdate(weight, weight, 1, 0.5f, 0.5f, 1, false, 0),
        "momentumBuffer and the table are the same buffer");
    refused(
        () -> new AdagradUpdate(weight, matrix(10, 4), 1, -1, 0),
        "eps = -1.0; give a finite number that is not negative");
    refused(
        () -> new RowwiseAdagradUpdate(weight, matrix(10, 4), 1, 0),
        "sums is [10, 4]; a table of [10, 4] takes [10, 1]");
    Matrix moment = matrix(10, 4);
    refused(() -> adam(moment, moment, 1, 0), "firstMoment and secondMoment are the same buffer");
    refused(() -> adam(moment, matrix(10, 4), 0, 0), "correction = 0.0; it divides, so > 0");
    refused(
        () -> adam(moment, matrix(10, 4), 1, Float.NaN),
        "eps = NaN; give a finite number that is not negative");
    refused(
        () -> AdamUpdate.adam(weight, moment, matrix(10, 4), 0, 1, 0.9, 0.99, 0, 0, false),
        "step = 0; steps are counted from 1");
  }

  @Test
  void operandsAreAllOfFloat64OrNone() {
    String cure =
        ": where a table is FLOAT64, every matrix of the operation is, and where not, none is";
    Matrix wide = wide(10, 4);
    Matrix wideRows = wide(6, 4);
    DeviceBuffer wideBuffer = new StubBuffer(DType.FLOAT64, 100);
    String mixedOut = "out is FLOAT32 beside FLOAT64; give another" + cure;
    refused(() -> new EmbeddingForward(wide, ids, null, rows, 2, 3), mixedOut);
    refused(
        () -> forward(ids, wideRows, 2, 3), "out is FLOAT64 beside FLOAT32; give another" + cure);
    refused(
        () -> new EmbeddingForward(wide, ids, new Positions(table, 2), wideRows, 2, 3),
        "the positional table is FLOAT32 beside FLOAT64; give another" + cure);
    refused(
        () -> new EmbeddingUpdate(rows, SIX_IDS, new AccumulateUpdate(wide)),
        "gradOutput is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new EmbeddingUpdate(wideRows, SIX_IDS, new AccumulateUpdate(weight)),
        "gradOutput is FLOAT64; give FLOAT32" + cure);
    refused(
        () -> new EmbeddingUpdate(wideRows, SIX_IDS, SgdUpdate.plain(weight, 1)),
        "gradOutput is FLOAT64; give FLOAT32" + cure);
    refused(
        () -> new PositionUpdate(rows, new AccumulateUpdate(wide), 0, 2, 3),
        "gradOutput is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new DenseUpdate(weight, new AccumulateUpdate(wide)),
        "gradWeight is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new CoalescedGradient(wideRows, SIX_IDS, ids, weight),
        "values is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new EmbeddingBackwardAtomic(wideRows, ids, weight, -1, null, 2, 3),
        "gradOutput is FLOAT64; give FLOAT32" + cure);
    refused(
        () -> new EmbeddingBackwardAtomic(wideRows, ids, wide, -1, new Positions(table, 0), 2, 3),
        "gradPositions is FLOAT32; give FLOAT64" + cure);
    Bags bags = new Bags(ids, new StubBuffer(DType.INT32, 3), 6, 2, -1);
    refused(() -> new EmbeddingBagForward(wide, bags, BagMode.SUM, null, rows, null), mixedOut);
    refused(
        () -> new EmbeddingBagForward(wide, bags, BagMode.SUM, floats(6), wideRows, null),
        "perSampleWeights is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new EmbeddingBagForward(weight, bags, BagMode.SUM, wideBuffer, rows, null),
        "perSampleWeights is FLOAT64; give FLOAT32" + cure);
    refused(
        () -> new PerSampleWeightsGradient(wide, bags, rows, wideBuffer),
        "gradOutput is FLOAT32; give FLOAT64" + cure);
    refused(
        () -> new PerSampleWeightsGradient(wide, bags, wideRows, floats(6)),
        "gradWeights is FLOAT32; give FLOAT64" + cure);
    QuantizedMatrix quantized = new QuantizedMatrix(new StubBuffer(DType.UINT8, 120), 10, 4);
    refused(
        () -> new EmbeddingForward(quantized, ids, null, wideRows, 2, 3),
        "out is FLOAT64 beside UINT8; give another" + cure);
    IndexGroups narrow = IndexGroups.of(new int[6], 10).scaledByFrequency();
    refused(
        () -> new EmbeddingUpdate(wideRows, narrow, new AccumulateUpdate(wide)),
        "the groups' scales are FLOAT32 and gradOutput FLOAT64; make the groups by new"
            + " IndexGroups(FLOAT64)");
    refused(
        () -> narrow.scaledBy(new double[6]),
        "these groups keep scales of FLOAT32; give numbers of that type");
    refused(
        () -> new IndexGroups(DType.FLOAT16),
        "scales of FLOAT16; give FLOAT32, or FLOAT64 for gradients of that type");
  }

  @Test
  void optimizersAndClippingRefuseFloat64() {
    Matrix wide = wide(10, 4);
    String cure =
        "the table is FLOAT64, which optimizers do not move: float64 is for checks of gradients;"
            + " train a table of FLOAT32, FLOAT16 or BFLOAT16";
    Matrix state = matrix(10, 4);
    refused(() -> SgdUpdate.plain(wide, 1), cure);
    refused(() -> new SgdUpdate(wide, state, 1, 0.5f, 0.5f, 1, false, 0), cure);
    refused(() -> new AdagradUpdate(wide, state, 1, 0, 0), cure);
    refused(() -> new RowwiseAdagradUpdate(wide, matrix(10, 1), 1, 0), cure);
    refused(() -> AdamUpdate.adam(wide, state, matrix(10, 4), 1, 1, 0.9, 0.99, 0, 0, false), cure);
    String passes = "; give FLOAT32: float64 is for the passes that gradients are checked by";
    refused(() -> new MatrixScale(wide, 1), "matrix is FLOAT64" + passes);
    refused(() -> new RowNorms(wide, matrix(10, 1), 2), "matrix is FLOAT64" + passes);
    refused(() -> new RowNorms(weight, wide(10, 1), 2), "norms is FLOAT64" + passes);
    refused(
        () -> new SgdUpdate(weight, wide, 1, 0.5f, 0.5f, 1, false, 0),
        "momentumBuffer is FLOAT64" + passes);
  }

  private static Matrix wide(long rows, int columns) {
    return new Matrix(new StubBuffer(DType.FLOAT64, 100), rows, columns);
  }

  private AdamUpdate adam(Matrix first, Matrix second, float correction, float eps) {
    return new AdamUpdate(weight, first, second, 0, 1, 0, 1, 1, correction, eps, 0, 1);
  }

  private static EmbeddingBackwardAtomic atomic(
      Matrix gradOutput,
      DeviceBuffer indices,
      Matrix gradWeight,
      long paddingIdx,
      @Nullable Positions positions) {
    return new EmbeddingBackwardAtomic(
        gradOutput, indices, gradWeight, paddingIdx, positions, 2, 3);
  }

  private EmbeddingForward forward(DeviceBuffer indices, Matrix out, int batchSize, int seqLen) {
    return new EmbeddingForward(weight, indices, null, out, batchSize, seqLen);
  }

  private static void refused(ThrowingCallable code, String message) {
    assertThatIllegalArgumentException().isThrownBy(code).withMessage(message);
  }

  private static Matrix matrix(long rows, int columns) {
    return new Matrix(floats(100), rows, columns);
  }

  private static DeviceBuffer floats(long elements) {
    return new StubBuffer(DType.FLOAT32, elements);
  }

  /** A buffer of any size, without memory; every one is another. */
  private static final class StubBuffer implements DeviceBuffer {
    private final DType type;
    private final long elements;

    StubBuffer(DType type, long elements) {
      this.type = type;
      this.elements = elements;
    }

    @Override
    public DType type() {
      return type;
    }

    @Override
    public long elements() {
      return elements;
    }

    @Override
    public void write(long offsetElements, MemorySegment source) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void read(long offsetElements, MemorySegment target) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Mapping map(MapMode mode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
