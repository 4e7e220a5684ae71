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
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of a table for the rows that have one, on the device: row numbers, and as many rows
 * of values; PyTorch's {@code sparse_coo_tensor}. Coalesced, as made by {@link
 * TableLayer#sparseGradient}, the numbers ascend and each comes once; uncoalesced, as made by
 * {@link EmbeddingLayer#uncoalescedGradient}, they are the batch's ids, and the gradient is the sum
 * of the values. Whoever asks for one closes it.
 */
public final class SparseGradient implements AutoCloseable {
  private final Parameter weight;
  private final GrowingBuffer rows;
  private final GrowingBuffer values;
  private int rowCount;
  private boolean coalesced = true;
  private boolean closed;

  SparseGradient(Parameter weight) {
    this.weight = weight;
    this.rows = new GrowingBuffer(weight.backend(), DType.INT32);
    this.values = new GrowingBuffer(weight.backend(), weight.gradDtype());
  }

  /** Returns whether each row comes once, in ascending order. */
  public boolean isCoalesced() {
    return coalesced;
  }

  /** Returns how many rows of values there are. */
  public int rowCount() {
    return rowCount;
  }

  /** Returns the shape of the dense gradient, [numEmbeddings, embeddingDim]. */
  public Shape denseShape() {
    return weight.shape();
  }

  /**
   * Returns the numbers of the rows, int32; the first {@link #rowCount} count. The buffer stays
   * this object's.
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

  /**
   * Takes each contribution for a row of its own.
   *
   * @param groups of the batch; tell which positions contribute and by what scale
   * @param ids of the batch
   */
  void fillUncoalesced(Backend backend, Matrix gradOutput, IndexGroups groups, int[] ids) {
    int count = groups.count();
    int[] order = new int[groups.sourceRows()];
    Arrays.fill(order, -1);
    for (int i = 0; i < count; i++) {
      order[groups.position(i)] = i;
    }
    int[] each = new int[count];
    int[] position = new int[count];
    int[] row = new int[count];
    boolean wide = groups.scalesType() == DType.FLOAT64;
    float[] scale = new float[wide ? 0 : count];
    double[] wideScale = new double[wide ? count : 0];
    int kept = 0;
    for (int n = 0; n < order.length; n++) {
      if (order[n] >= 0) {
        each[kept] = kept;
        position[kept] = n;
        row[kept] = ids[n];
        if (groups.isScaled() && wide) {
          wideScale[kept] = groups.wideScale(order[n]);
        } else if (groups.isScaled()) {
          scale[kept] = groups.scale(order[n]);
        }
        kept++;
      }
    }
    IndexGroups single = new IndexGroups(groups.scalesType()).rebuild(each, count, count);
    if (groups.isScaled()) {
      single = wide ? single.scaledBy(wideScale) : single.scaledBy(scale);
    }
    single.fromRows(position, groups.sourceRows());
    coalesced = false;
    rowCount = count;
    backend.execute(new CoalescedGradient(gradOutput, single, rows(), values(), null));
    rows().write(MemorySegment.ofArray(row));
  }

  void fill(
      Backend backend, Matrix gradOutput, IndexGroups groups, @Nullable DeviceBuffer winners) {
    coalesced = true;
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
