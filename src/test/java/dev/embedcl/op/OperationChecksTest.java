package dev.embedcl.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
        "a matrix of INT32 is not supported; use FLOAT32");
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
  void backwardRefusesWhatDoesNotFit() {
    Positions positions = new Positions(table, 0);
    refused(
        () -> EmbeddingBackward.deterministic(matrix(5, 4), SIX_IDS, weight, null, 2, 3),
        "gradOutput has 5 rows; batchSize * seqLen = 6 are needed");
    refused(
        () -> EmbeddingBackward.deterministic(matrix(6, 3), SIX_IDS, weight, null, 2, 3),
        "gradOutput has 3 columns; embeddingDim is 4");
    refused(
        () -> EmbeddingBackward.deterministic(weight, SIX_IDS, weight, null, 2, 3),
        "gradOutput and gradWeight are the same buffer");
    refused(
        () -> EmbeddingBackward.deterministic(rows, SIX_IDS, weight, new Positions(rows, 0), 2, 3),
        "gradOutput and gradPositions are the same buffer");
    refused(
        () ->
            EmbeddingBackward.deterministic(rows, SIX_IDS, weight, new Positions(weight, 0), 2, 3),
        "gradWeight and gradPositions are the same buffer");
    refused(
        () -> EmbeddingBackward.deterministic(rows, SIX_IDS, weight, null, 1, 5),
        "groups were built for 6 ids; batchSize * seqLen is 5");
    refused(
        () -> EmbeddingBackward.deterministic(rows, SIX_IDS, matrix(9, 4), null, 2, 3),
        "groups were built for 10 embeddings; the table has 9 rows");
    refused(
        () -> EmbeddingBackward.atomic(rows, new StubBuffer(DType.INT32, 5), weight, null, 2, 3),
        "indices hold 5 ids; batchSize * seqLen = 6 are needed");
    refused(
        () ->
            new EmbeddingBackward(
                rows, null, ids, weight, positions, 2, 3, Accumulation.DETERMINISTIC),
        "DETERMINISTIC accumulation needs groups");
    refused(
        () ->
            new EmbeddingBackward(
                rows, SIX_IDS, null, weight, positions, 2, 3, Accumulation.ATOMIC),
        "ATOMIC accumulation needs indices");
  }

  @Test
  void stepRefusesWhatDoesNotFit() {
    refused(
        () -> new SgdStep(rows, SIX_IDS, rows, null, 2, 3, 1f),
        "gradOutput and weight are the same buffer");
    refused(
        () -> new SgdStep(rows, SIX_IDS, weight, new Positions(rows, 0), 2, 3, 1f),
        "gradOutput and the positional table are the same buffer");
    refused(
        () -> new SgdStep(rows, SIX_IDS, weight, new Positions(weight, 0), 2, 3, 1f),
        "weight and the positional table are the same buffer");
    refused(
        () -> new SgdStep(rows, SIX_IDS, weight, null, 7, 1, 1f),
        "gradOutput has 6 rows; batchSize * seqLen = 7 are needed");
    refused(
        () -> new SgdStep(rows, SIX_IDS, weight, null, 2, 2, 1f),
        "groups were built for 6 ids; batchSize * seqLen is 4");
    refused(
        () -> new SgdStep(rows, SIX_IDS, weight, null, 2, 3, Float.NaN),
        "learningRate = NaN is not a finite number");
  }

  @Test
  void denseStepRefusesWhatDoesNotFit() {
    refused(() -> new DenseSgdStep(rows, weight, 1f), "gradWeight is [6, 4] but weight is [10, 4]");
    refused(() -> new DenseSgdStep(rows, rows, 1f), "gradWeight and weight are the same buffer");
    refused(
        () -> new DenseSgdStep(rows, matrix(6, 4), Float.NEGATIVE_INFINITY),
        "learningRate = -Infinity is not a finite number");
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
