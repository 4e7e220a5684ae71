package dev.embedcl.bench.ours;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  final Matrix weight(Contents contents) {
    return filled(numEmbeddings, contents);
  }

  final Matrix positions(Contents contents) {
    return filled(seqLen(), contents);
  }

  final Matrix output() {
    return matrix(count());
  }

  final Matrix gradOutput() {
    return filled(count(), Contents.GRAD_OUTPUT);
  }

  final Matrix matrix(int rows) {
    return new Matrix(
        backend.allocate(DType.FLOAT32, (long) rows * embeddingDim()), rows, embeddingDim());
  }

  /** Returns a table stored as a type, all of whose numbers it has. */
  final Matrix stored(DType type, int rows, Contents contents) {
    Matrix matrix =
        new Matrix(backend.allocate(type, (long) rows * embeddingDim()), rows, embeddingDim());
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

  /** Returns a copy of a whole matrix on the host. */
  static MemorySegment read(Matrix matrix, Arena arena) {
    MemorySegment floats = arena.allocate(ValueLayout.JAVA_FLOAT, matrix.rows() * matrix.columns());
    matrix.buffer().read(floats);
    return floats;
  }

  private Matrix filled(int rows, Contents contents) {
    Matrix matrix = matrix(rows);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(ValueLayout.JAVA_FLOAT, (long) rows * embeddingDim());
      contents.fill(floats);
      matrix.buffer().write(floats);
    }
    return matrix;
  }
}
