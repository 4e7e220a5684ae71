package dev.embedcl.bench;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Positions;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Tables, ids and gradients of one shape on one device, with GPT-2's vocabulary. Several sets of
 * ids take turns, so that the rows of one call are not in the caches when it is repeated.
 */
@State(Scope.Benchmark)
public class Batch {
  private static final int NUM_EMBEDDINGS = 50_257;
  private static final int ID_SETS = 8;
  private static final long SEED = 123;

  /** batchSize x seqLen x embeddingDim. */
  @Param({"8x4x256", "8x1024x768"})
  public String shape;

  /** Pure Java on so many threads, or the OpenCL device that {@code auto} prefers. */
  @Param({"cpu:1", "cpu:2", "opencl"})
  public String device;

  /** How ids are drawn: all alike, or the k-th most frequent one in 1/k^1.1 of the cases. */
  @Param({"uniform", "zipf"})
  public String ids;

  Backend backend;
  int batchSize;
  int seqLen;
  int embeddingDim;
  int count;
  Matrix weight;
  Matrix positionTable;
  Positions positions;
  Matrix output;
  int[][] idSets;
  DeviceBuffer[] idBuffers;
  private int turn;

  /** Opens the device and fills tables and gradients with whole numbers, which add up exactly. */
  @Setup(Level.Trial)
  public void open() {
    int[] sizes = Stream.of(shape.split("x")).mapToInt(Integer::parseInt).toArray();
    batchSize = sizes[0];
    seqLen = sizes[1];
    embeddingDim = sizes[2];
    count = batchSize * seqLen;
    backend =
        device.startsWith("cpu:")
            ? CpuBackend.builder().threads(Integer.parseInt(device.substring(4))).build()
            : Backends.open(device);
    weight = matrix(NUM_EMBEDDINGS, 1);
    positionTable = matrix(seqLen, 2);
    positions = new Positions(positionTable, 0);
    output = matrix(count, 3);
    Random random = new Random(SEED);
    idSets = new int[ID_SETS][];
    idBuffers = new DeviceBuffer[ID_SETS];
    for (int set = 0; set < ID_SETS; set++) {
      idSets[set] =
          ids.equals("zipf")
              ? Zipf.draw(random, count, NUM_EMBEDDINGS)
              : random.ints(count, 0, NUM_EMBEDDINGS).toArray();
      idBuffers[set] = backend.allocate(DType.INT32, count);
      idBuffers[set].write(MemorySegment.ofArray(idSets[set]));
    }
  }

  /** Closes the device, and with it everything on it. */
  @TearDown(Level.Trial)
  public void close() {
    backend.close();
  }

  /** Returns which set of ids is next. */
  int next() {
    turn = (turn + 1) % ID_SETS;
    return turn;
  }

  /** Returns the bytes of the forward pass: ids, rows and positions read, output written. */
  long forwardBytes() {
    return 4L * count + 4L * embeddingDim * (2L * count + seqLen);
  }

  /**
   * Returns the bytes of the backward pass or a fused step, on the average of the sets: gradient
   * read, touched rows of both tables read and written.
   */
  long backwardBytes() {
    long touched = 0;
    for (int[] set : idSets) {
      BitSet rows = new BitSet();
      Arrays.stream(set).forEach(rows::set);
      touched += rows.cardinality();
    }
    return 4L * embeddingDim * (count + 2L * seqLen + 2 * touched / ID_SETS);
  }

  float[] read(Matrix matrix) {
    float[] values = new float[(int) (matrix.rows() * matrix.columns())];
    matrix.buffer().read(MemorySegment.ofArray(values));
    return values;
  }

  static void require(boolean correct, String what) {
    if (!correct) {
      throw new IllegalStateException(what + " is wrong; not timed");
    }
  }

  private Matrix matrix(int rows, int seed) {
    float[] values = new float[rows * embeddingDim];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 31 + seed) % 17 - 8;
    }
    DeviceBuffer buffer = backend.allocate(DType.FLOAT32, values.length);
    buffer.write(MemorySegment.ofArray(values));
    return new Matrix(buffer, rows, embeddingDim);
  }
}
