package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * The values of a {@link Parameter}: how they are made, checked, and moved to and from the host.
 */
final class TableValues {
  private final Backend backend;
  private final String name;
  private final Matrix matrix;

  private TableValues(Backend backend, String name, DType type, long rows, int columns) {
    requireArgument(
        rows >= 1 && rows <= Matrix.MAX_ROWS,
        "%s: rows = %d is out of range [1, %d]",
        name,
        rows,
        Matrix.MAX_ROWS);
    requireArgument(columns >= 1, "%s: columns = %d; give at least 1", name, columns);
    this.backend = backend;
    this.name = name;
    requireTable(backend, name, type);
    this.matrix = new Matrix(backend.allocate(type, rows * columns), rows, columns);
  }

  static TableValues zeros(Backend backend, String name, DType type, long rows, int columns) {
    return new TableValues(backend, name, type, rows, columns);
  }

  static TableValues normal(
      Backend backend, String name, DType type, long rows, int columns, TorchGenerator generator) {
    TableValues values = new TableValues(backend, name, type, rows, columns);
    return values.filled(() -> NormalFill.fill(values.matrix.buffer(), generator));
  }

  static TableValues of(Backend backend, String name, HostTensor given) {
    Shape shape = given.shape();
    requireArgument(
        isTable(given.type()) && shape.rank() == 2,
        "%s: %s cannot be a table; give FLOAT32, FLOAT16, BFLOAT16 or FLOAT64 of shape [rows,"
            + " columns]",
        name,
        given);
    requireArgument(
        shape.size(1) <= Integer.MAX_VALUE,
        "%s: columns = %d exceeds the limit of %d",
        name,
        shape.size(1),
        Integer.MAX_VALUE);
    return of(backend, name, given.type(), given.segment(), shape.size(0), (int) shape.size(1));
  }

  static TableValues of(
      Backend backend, String name, DType type, MemorySegment given, long rows, int columns) {
    requireTable(backend, name, type);
    requireBytes(name, type, given, rows, columns);
    TableValues values = new TableValues(backend, name, type, rows, columns);
    return values.filled(() -> values.write(given));
  }

  Backend backend() {
    return backend;
  }

  String name() {
    return name;
  }

  Matrix matrix() {
    return matrix;
  }

  Shape shape() {
    return Shape.of(matrix.rows(), matrix.columns());
  }

  void read(MemorySegment target) {
    requireBytes(name, matrix.type(), target, matrix.rows(), matrix.columns());
    matrix.buffer().read(target);
  }

  HostTensor toHost() {
    return hostCopy(matrix.buffer(), shape());
  }

  void write(HostTensor given) {
    requireArgument(
        given.type() == matrix.type() && given.shape().equals(shape()),
        "%s cannot be written to %s; give %s of the same shape",
        given,
        this,
        matrix.type());
    write(given.segment());
  }

  void write(MemorySegment given) {
    requireBytes(name, matrix.type(), given, matrix.rows(), matrix.columns());
    matrix.buffer().write(given);
  }

  /** Fills a row with zeros. */
  void zeroRow(long row) {
    MemorySegment zeros = MemorySegment.ofArray(new byte[Math.toIntExact(matrix.rowBytes())]);
    matrix.buffer().write(row * matrix.columns(), zeros);
  }

  void close() {
    matrix.buffer().close();
  }

  @Override
  public String toString() {
    return name + " " + shape();
  }

  /** Copies the first {@code shape.elements()} elements of a buffer to a new tensor of its type. */
  static HostTensor hostCopy(DeviceBuffer buffer, Shape shape) {
    HostTensor copy = HostTensor.allocate(buffer.type(), shape);
    try {
      buffer.read(copy.segment());
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  /** Runs what fills these new values, and closes them if it fails. */
  private TableValues filled(Runnable fill) {
    try {
      fill.run();
      return this;
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static boolean isTable(DType type) {
    return isStorage(type) || type == DType.FLOAT64;
  }

  /** Returns whether tables that are trained, or looked up by any device, can be of a type. */
  static boolean isStorage(DType type) {
    return switch (type) {
      case FLOAT32, FLOAT16, BFLOAT16 -> true;
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> false;
    };
  }

  private static void requireTable(Backend backend, String name, DType type) {
    if (!isTable(type)) {
      throw new IllegalArgumentException(
          name
              + ": a table of "
              + type
              + "; tables are FLOAT32, FLOAT16 or BFLOAT16, or FLOAT64 to check gradients");
    }
    if (type == DType.FLOAT64 && backend.device().type() != DeviceType.JAVA) {
      throw new IllegalArgumentException(
          name
              + ": a table of FLOAT64 on "
              + backend.device().summary()
              + ", which computes in float32; open the device 'cpu' for float64");
    }
  }

  private static void requireBytes(
      String name, DType type, MemorySegment values, long rows, int columns) {
    // Compared by division, since rows and columns have not been checked yet.
    long elements = values.byteSize() / type.bytes();
    requireArgument(
        values.byteSize() % type.bytes() == 0
            && rows >= 0
            && columns >= 1
            && elements % columns == 0
            && elements / columns == rows,
        "%s: %d bytes are not a %s table [%d, %d]",
        name,
        values.byteSize(),
        type.name().toLowerCase(Locale.ROOT),
        rows,
        columns);
  }
}
