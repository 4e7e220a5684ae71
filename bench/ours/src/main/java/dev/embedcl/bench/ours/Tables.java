package dev.embedcl.bench.ours;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Rows;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The inputs on one device. */
@State(Scope.Benchmark)
public abstract class Tables extends Inputs {

  /** Pure Java on so many threads, or the OpenCL device that {@code auto} prefers. */
  @Param({"cpu:1", "cpu:2", "opencl"})
  public String device;

  Backend backend;
  DeviceBuffer[] idBuffers;

  /** A multiple of the period of the contents. */
  private static final int PART_ROWS = 17 << 10;

  /** Draws the ids and opens the device. */
  final void open() {
    draw();
    backend =
        device.startsWith("cpu:")
            ? CpuBackend.builder().threads(Integer.parseInt(device.substring(4))).build()
            : Backends.open(device);
    idBuffers = new DeviceBuffer[sets()];
    for (int set = 0; set < sets(); set++) {
      idBuffers[set] = backend.allocate(DType.INT32, count());
      idBuffers[set].write(MemorySegment.ofArray(ids(set)));
    }
  }

  /** Closes the device, and with it everything on it. */
  @TearDown(Level.Trial)
  public void close() {
    backend.close();
  }

  /** Returns a token table, as it is stored. */
  final Matrix weight(Contents contents) {
    return filled(DType.valueOf(storage.name()), numEmbeddings, contents);
  }

  /** Returns a positional table, as it is stored. */
  final Matrix positions(Contents contents) {
    return filled(DType.valueOf(storage.name()), seqLen(), contents);
  }

  /** Returns an output of the tables' type. */
  final Matrix output() {
    return matrix(DType.valueOf(storage.name()), count());
  }

  /** Returns memory for an output, of any content, as a layer takes it. */
  final Matrix freshOutput() {
    DType type = DType.valueOf(storage.name());
    long elements = (long) count() * embeddingDim();
    return new Matrix(backend.allocateUninitialized(type, elements), count(), embeddingDim());
  }

  final Matrix gradOutput() {
    return filled(DType.FLOAT32, count(), Contents.GRAD_OUTPUT);
  }

  final Matrix matrix(int rows) {
    return matrix(DType.FLOAT32, rows);
  }

  private Matrix matrix(DType type, int rows) {
    return new Matrix(backend.allocate(type, (long) rows * embeddingDim()), rows, embeddingDim());
  }

  /** Returns a table that has all numbers of the contents, whatever its type. */
  final Matrix filled(DType type, int rows, Contents contents) {
    Matrix matrix = matrix(type, rows);
    // Contents repeat, so that one part serves for all.
    int partRows = Math.min(rows, PART_ROWS);
    try (HostTensor floats =
        HostTensor.allocate(DType.FLOAT32, Shape.of(partRows, embeddingDim()))) {
      contents.fill(floats.segment());
      try (HostTensor part = floats.to(type)) {
        for (long row = 0; row < rows; row += partRows) {
          long bytes = Math.min(partRows, rows - row) * matrix.rowBytes();
          matrix.buffer().write(row * embeddingDim(), part.segment().asSlice(0, bytes));
        }
      }
    }
    return matrix;
  }

  /** Returns where each sequence begins and the last one ends, to be taken for bags. */
  final DeviceBuffer bagOffsets() {
    int[] offsets = new int[batchSize() + 1];
    Arrays.setAll(offsets, bag -> bag * seqLen());
    DeviceBuffer buffer = backend.allocate(DType.INT32, offsets.length);
    buffer.write(MemorySegment.ofArray(offsets));
    return buffer;
  }

  /** Returns a copy of a whole matrix on the host, as float32. */
  static MemorySegment read(Matrix matrix) {
    return rows(matrix).floats(0, matrix.rows());
  }

  /** Returns what copies parts of a matrix to the host, as float32. */
  static Rows rows(Matrix matrix) {
    return (first, count) -> {
      Shape shape = Shape.of(count, matrix.columns());
      try (HostTensor stored = HostTensor.allocate(matrix.type(), shape)) {
        matrix.buffer().read(first * matrix.columns(), stored.segment());
        try (HostTensor floats = stored.to(DType.FLOAT32)) {
          return MemorySegment.ofArray(floats.toFloatArray());
        }
      }
    };
  }

  /** Returns the first ids of a buffer of int32. */
  static long[] numbers(DeviceBuffer ids, int count) {
    int[] numbers = new int[count];
    ids.read(MemorySegment.ofArray(numbers));
    return Arrays.stream(numbers).asLongStream().toArray();
  }
}
