package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A trainable table [rows, columns] on a device, with the dense gradient that {@code backward} adds
 * to. Its values are float32, or stored in 16 bits as float16 or bfloat16; its gradient and all
 * arithmetic are float32 in any case. On the CPU backend, values, gradient and arithmetic may be
 * float64, to check gradients; optimizers do not move such a parameter.
 *
 * <p>The gradient takes four bytes for each value, or eight, and only from the first {@code
 * backward} on; fused optimizer steps never make one. Whoever creates a parameter closes it. One
 * thread at a time may use the gradient; the values may be read and written by any thread that
 * orders itself with those that train.
 */
public final class Parameter implements AutoCloseable {
  private final TableValues values;
  private final Gradient gradient;
  private boolean requiresGrad = true;
  private volatile boolean closed;

  private Parameter(TableValues values) {
    this.values = values;
    this.gradient = new Gradient(values.backend(), gradDtype(), rows(), columns());
  }

  /**
   * Creates a parameter of zeros.
   *
   * @param name what errors and files call it
   * @param rows from 1 to 2^31
   * @param columns at least 1
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static Parameter zeros(Backend backend, String name, long rows, int columns) {
    return zeros(backend, name, DType.FLOAT32, rows, columns);
  }

  /**
   * Creates a parameter of zeros.
   *
   * @param name what errors and files call it
   * @param dtype how values are stored: float32, float16 or bfloat16; float64 on the CPU backend
   * @param rows from 1 to 2^31
   * @param columns at least 1
   * @throws IllegalArgumentException if {@code dtype} is another or a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static Parameter zeros(Backend backend, String name, DType dtype, long rows, int columns) {
    return new Parameter(TableValues.zeros(backend, name, dtype, rows, columns));
  }

  /**
   * Creates a parameter of standard normal values, those of a fresh {@code nn.Embedding}: {@code
   * rows * columns} consecutive values of the generator, drawn a part at a time.
   *
   * @param name what errors and files call it
   * @param rows from 1 to 2^31
   * @param columns at least 1
   * @param generator is advanced
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static Parameter normal(
      Backend backend, String name, long rows, int columns, TorchGenerator generator) {
    return normal(backend, name, DType.FLOAT32, rows, columns, generator);
  }

  /**
   * Creates a parameter of standard normal values: those of float32, each rounded to the nearest of
   * its type's, as {@code nn.Embedding(rows, columns).to(dtype)} does; or those of {@code
   * nn.Embedding(rows, columns, dtype=torch.float64)}, as {@link TorchGenerator#fillNormalDoubles}
   * tells.
   *
   * @param name what errors and files call it
   * @param dtype how values are stored: float32, float16 or bfloat16; float64 on the CPU backend
   * @param rows from 1 to 2^31
   * @param columns at least 1
   * @param generator is advanced
   * @throws IllegalArgumentException if {@code dtype} is another or a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static Parameter normal(
      Backend backend, String name, DType dtype, long rows, int columns, TorchGenerator generator) {
    return new Parameter(TableValues.normal(backend, name, dtype, rows, columns, generator));
  }

  /**
   * Creates a parameter that holds a copy of {@code values}, stored as they are.
   *
   * @param name what errors and files call it
   * @param values float32, float16 or bfloat16, or float64 on the CPU backend, [rows, columns]
   * @throws IllegalArgumentException if {@code values} is of another type or rank, or a size is out
   *     of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static Parameter of(Backend backend, String name, HostTensor values) {
    return new Parameter(TableValues.of(backend, name, values));
  }

  /**
   * Creates a parameter that holds a copy of {@code values}.
   *
   * @param name what errors and files call it
   * @param values little-endian float32, row after row; native, mapped or heap, of exactly {@code 4
   *     * rows * columns} bytes
   * @param rows from 1 to 2^31
   * @param columns at least 1
   * @throws IllegalArgumentException if a size is out of its range or {@code values} has another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the values' arena was closed
   */
  public static Parameter of(
      Backend backend, String name, MemorySegment values, long rows, int columns) {
    return new Parameter(TableValues.of(backend, name, DType.FLOAT32, values, rows, columns));
  }

  /** Returns the name. */
  public String name() {
    return values.name();
  }

  /** Returns the backend that holds the values. */
  public Backend backend() {
    return values.backend();
  }

  /** Returns how the values are stored: float32, float16, bfloat16 or float64. */
  public DType dtype() {
    return values.matrix().type();
  }

  /** Returns the type of the gradient: float64 if the values are, float32 otherwise. */
  public DType gradDtype() {
    return values.matrix().arithmetic();
  }

  /** Returns the number of rows. */
  public long rows() {
    return values.matrix().rows();
  }

  /** Returns the length of a row. */
  public int columns() {
    return values.matrix().columns();
  }

  /** Returns the shape [rows, columns]. */
  public Shape shape() {
    return values.shape();
  }

  /** Returns whether {@code backward} and optimizers heed this parameter, as they do at first. */
  public boolean requiresGrad() {
    return requiresGrad;
  }

  /**
   * Freezes this parameter, or lets it be trained again: PyTorch's {@code requires_grad}. Of a
   * frozen one, {@code backward} makes no gradient, and optimizers leave it as it is; a gradient
   * that it has already stays until {@link #zeroGrad}.
   */
  public void requiresGrad(boolean requiresGrad) {
    this.requiresGrad = requiresGrad;
  }

  /**
   * Returns the values on the device, as operations take them. They stay this parameter's: do not
   * close the buffer.
   *
   * @throws IllegalStateException if this parameter was closed
   */
  public Matrix matrix() {
    requireOpen();
    return values.matrix();
  }

  /**
   * Copies the values to host memory as they are stored, after the operations enqueued before.
   *
   * @param target receives {@code rows * columns} elements of {@link #dtype()}, little-endian, row
   *     after row
   * @throws IllegalArgumentException if {@code target} has another size or is read-only
   * @throws IllegalStateException if this parameter, its backend or the target's arena was closed
   */
  public void read(MemorySegment target) {
    requireOpen();
    values.read(target);
  }

  /**
   * Copies the values to a new tensor [rows, columns] of {@link #dtype()}, which the caller closes.
   *
   * @throws IllegalStateException if this parameter or its backend was closed
   */
  public HostTensor toHost() {
    requireOpen();
    return values.toHost();
  }

  /**
   * Replaces all values.
   *
   * @param values [rows, columns] of {@link #dtype()}; {@link HostTensor#to} converts
   * @throws IllegalArgumentException if type or shape is another
   * @throws IllegalStateException if this parameter, its backend or the tensor was closed
   */
  public void write(HostTensor values) {
    requireOpen();
    this.values.write(values);
  }

  /**
   * Replaces all values.
   *
   * @param values {@code rows * columns} elements of {@link #dtype()}, little-endian, row after row
   * @throws IllegalArgumentException if {@code values} has another size
   * @throws IllegalStateException if this parameter, its backend or the values' arena was closed
   */
  public void write(MemorySegment values) {
    requireOpen();
    this.values.write(values);
  }

  /**
   * Returns the gradient [rows, columns], to be read, if {@code backward} has added to it since the
   * last {@link #zeroGrad}. It stays this parameter's, and is valid until {@link #zeroGrad}.
   *
   * @throws IllegalStateException if this parameter was closed
   */
  public Optional<Matrix> grad() {
    requireOpen();
    return gradient.current();
  }

  /**
   * Returns the gradient [rows, columns] for the caller to add to, as {@code backward} does: zeros
   * at first. For gradients that come from elsewhere, such as those of an output layer that shares
   * this table. It stays this parameter's, and is valid until {@link #zeroGrad}.
   *
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold it
   * @throws IllegalStateException if this parameter or its backend was closed
   */
  public Matrix gradForUpdate() {
    requireOpen();
    gradient.touchAll();
    return gradient.forUpdate();
  }

  /**
   * Copies the gradient to a new tensor [rows, columns], which the caller closes; zeros if there is
   * none.
   *
   * @throws IllegalStateException if this parameter or its backend was closed
   */
  public HostTensor gradToHost() {
    return grad()
        .map(grad -> TableValues.hostCopy(grad.buffer(), shape()))
        .orElseGet(() -> HostTensor.allocate(gradDtype(), shape()));
  }

  /**
   * Forgets the gradient, as PyTorch's {@code zero_grad}: {@link #grad} is empty until something is
   * added again. On a device that shares host memory, only the rows that were added to are cleared.
   *
   * @throws IllegalStateException if this parameter or its backend was closed
   */
  public void zeroGrad() {
    requireOpen();
    gradient.clear();
  }

  /** Fills a row with zeros. */
  void zeroRow(long row) {
    values.zeroRow(row);
  }

  /** Frees values and gradient; further calls do nothing. */
  @Override
  public void close() {
    closed = true;
    gradient.close();
    values.close();
  }

  @Override
  public String toString() {
    return values.toString();
  }

  /**
   * Returns the gradient to which the rows of the first {@code count} ids are about to be added.
   */
  Matrix gradFor(int[] indices, int count) {
    requireOpen();
    Matrix grad = gradient.forUpdate();
    for (int i = 0; i < count; i++) {
      gradient.touch(indices[i]);
    }
    return grad;
  }

  /**
   * Returns the gradient to which {@code count} rows from {@code first} on are about to be added.
   */
  Matrix gradFor(int first, int count) {
    requireOpen();
    Matrix grad = gradient.forUpdate();
    for (int row = first; row < first + count; row++) {
      gradient.touch(row);
    }
    return grad;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("parameter " + this + " was closed");
    }
  }
}
