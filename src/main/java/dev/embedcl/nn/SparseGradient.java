package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of a table for the rows that have one, on the device: row numbers in ascending
 * order, and as many rows of values; PyTorch's coalesced {@code sparse_coo_tensor}. Made by {@link
 * TableLayer#sparseGradient}; whoever asks for one closes it.
 */
public final class SparseGradient implements AutoCloseable {
  private final Parameter weight;
  private final GrowingBuffer rows;
  private final GrowingBuffer values;
  private int rowCount;
  private boolean closed;

  SparseGradient(Parameter weight) {
    this.weight = weight;
    this.rows = new GrowingBuffer(weight.backend(), DType.INT32);
    this.values = new GrowingBuffer(weight.backend(), DType.FLOAT32);
  }

  /** Returns how many rows have a gradient. */
  public int rowCount() {
    return rowCount;
  }

  /** Returns the shape of the dense gradient, [numEmbeddings, embeddingDim]. */
  public Shape denseShape() {
    return weight.shape();
  }

  /**
   * Returns the numbers of the rows, int32, ascending; the first {@link #rowCount} count. The
   * buffer stays this object's.
   *
   * @throws IllegalStateException if this was closed
   */
  public DeviceBuffer rows() {
    requireOpen();
    return rows.atLeast(rowCount);
  }

  /**
   * Returns the gradients of the rows, [rowCount, embeddingDim]. The buffer stays this object's.
   *
   * @throws IllegalStateException if this was closed
   */
  public Matrix values() {
    requireOpen();
    long elements = (long) rowCount * weight.columns();
    return new Matrix(values.atLeast(elements), rowCount, weight.columns());
  }

  /**
   * Copies the numbers of the rows to the host.
   *
   * @throws IllegalStateException if this or the backend was closed
   */
  public int[] rowsToHost() {
    int[] host = new int[rowCount];
    rows().read(MemorySegment.ofArray(host));
    return host;
  }

  /**
   * Copies the gradients to a new tensor [rowCount, embeddingDim], which the caller closes.
   *
   * @throws IllegalStateException if this or the backend was closed
   */
  public HostTensor valuesToHost() {
    return TableValues.hostCopy(values().buffer(), Shape.of(rowCount, weight.columns()));
  }

  /** Frees rows and values; further calls do nothing. */
  @Override
  public void close() {
    closed = true;
    rows.close();
    values.close();
  }

  @Override
  public String toString() {
    return "SparseGradient(" + rowCount + " rows of " + weight + ")";
  }

  void fill(
      Backend backend, Matrix gradOutput, IndexGroups groups, @Nullable DeviceBuffer winners) {
    rowCount = groups.uniqueRows();
    backend.execute(new CoalescedGradient(gradOutput, groups, rows(), values(), winners));
  }

  @SuppressWarnings("ReferenceEquality") // the very parameter is meant
  void requireOf(Parameter other) {
    requireOpen();
    requireArgument(weight == other, "%s is of another layer than %s; make one of it", this, other);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " was closed");
    }
  }
}
