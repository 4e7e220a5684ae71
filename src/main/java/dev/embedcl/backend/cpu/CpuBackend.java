package dev.embedcl.backend.cpu;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexClamp;
import dev.embedcl.op.MatrixScale;
import dev.embedcl.op.Operation;
import dev.embedcl.op.PerSampleWeightsGradient;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.RowNorms;
import dev.embedcl.op.Table;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Executes operations in pure Java on the host's processors; buffers are off-heap memory.
 *
 * <p>An operation has run when {@link #execute} returns. One operation runs at a time, on all
 * threads if it is large and on the caller's alone if it is small. Results do not depend on the
 * number of threads nor on whether the loops are vectorized.
 */
public final class CpuBackend implements Backend {
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<CpuBuffer> buffers = new HashSet<>();
  private final CpuStatus status = new CpuStatus();
  private final CpuMemory memory;
  private final DeviceInfo device;
  private final CpuWorkers workers;
  private final CpuRowSums sums;
  private final CpuEmbeddingForward embeddingForward;
  private final CpuEmbeddingUpdate embeddingUpdate;
  private final CpuPositionUpdate positionUpdate;
  private final CpuDenseUpdate denseUpdate;
  private final CpuCoalescedGradient coalescedGradient;
  private final CpuEmbeddingBackwardAtomic embeddingBackwardAtomic;
  private final CpuEmbeddingRenorm embeddingRenorm;
  private final CpuIndexClamp indexClamp;
  private final CpuRowNorms rowNorms;
  private final CpuMatrixScale matrixScale;
  private final CpuEmbeddingBagForward embeddingBagForward;
  private final CpuPerSampleWeightsGradient perSampleWeightsGradient;
  private final CpuFloat64 float64;
  private long buffersMade;
  private boolean closed;

  CpuBackend(CpuWorkers workers, RowKernels[] kernels, CpuMemory memory, DeviceInfo device) {
    this.workers = workers;
    this.memory = memory;
    this.device = device;
    sums = new CpuRowSums(workers, kernels);
    embeddingForward = new CpuEmbeddingForward(this, workers, kernels, status);
    embeddingUpdate = new CpuEmbeddingUpdate(this, sums);
    positionUpdate = new CpuPositionUpdate(this, sums);
    denseUpdate = new CpuDenseUpdate(this, workers, kernels);
    coalescedGradient = new CpuCoalescedGradient(this, sums);
    embeddingBackwardAtomic = new CpuEmbeddingBackwardAtomic(this, sums, status);
    CpuNorms[] norms = CpuNorms.of(kernels);
    embeddingRenorm = new CpuEmbeddingRenorm(this, workers, norms);
    indexClamp = new CpuIndexClamp(this);
    rowNorms = new CpuRowNorms(this, workers, norms);
    matrixScale = new CpuMatrixScale(this, workers, norms);
    embeddingBagForward = new CpuEmbeddingBagForward(this, workers, kernels, status);
    perSampleWeightsGradient = new CpuPerSampleWeightsGradient(this, workers, kernels, status);
    float64 = new CpuFloat64(this, status);
  }

  /**
   * Opens a backend with the defaults of {@link CpuBackendBuilder}, to be closed by the caller.
   *
   * @throws IllegalArgumentException if the system property {@value
   *     CpuBackendBuilder#THREADS_PROPERTY} is set and no number of threads
   */
  public static CpuBackend open() {
    return builder().build();
  }

  /** Returns a builder, for a given number of threads or kind of loops. */
  public static CpuBackendBuilder builder() {
    return new CpuBackendBuilder();
  }

  @Override
  public DeviceInfo device() {
    return device;
  }

  @Override
  public DeviceBuffer allocate(DType type, long elements) {
    return allocate(type, elements, true);
  }

  @Override
  public DeviceBuffer allocateUninitialized(DType type, long elements) {
    return allocate(type, elements, false);
  }

  private DeviceBuffer allocate(DType type, long elements, boolean zeroed) {
    requireArgument(elements >= 0, "elements = %d is negative", elements);
    requireArgument(
        elements <= Long.MAX_VALUE / type.bytes(),
        "%d elements of %s have more than 2^63-1 bytes",
        elements,
        type);
    lock.lock();
    try {
      requireOpen();
      CpuBlock block = memory.allocate(elements * type.bytes(), zeroed);
      CpuBuffer buffer = new CpuBuffer(this, type, elements, ++buffersMade, block);
      buffers.add(buffer);
      return buffer;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void execute(Operation operation) {
    lock.lock();
    try {
      requireOpen();
      if (operation.isFloat64()) {
        float64.execute(operation);
        return;
      }
      switch (operation) {
        case EmbeddingForward forward -> embeddingForward.execute(forward);
        case EmbeddingUpdate update -> embeddingUpdate.execute(update);
        case PositionUpdate update -> positionUpdate.execute(update);
        case DenseUpdate update -> denseUpdate.execute(update);
        case CoalescedGradient gradient -> coalescedGradient.execute(gradient);
        case EmbeddingBackwardAtomic backward -> embeddingBackwardAtomic.execute(backward);
        case EmbeddingRenorm renorm -> embeddingRenorm.execute(renorm);
        case IndexClamp clamp -> indexClamp.execute(clamp);
        case RowNorms norms -> rowNorms.execute(norms);
        case MatrixScale scale -> matrixScale.execute(scale);
        case EmbeddingBagForward forward -> embeddingBagForward.execute(forward);
        case PerSampleWeightsGradient gradient -> perSampleWeightsGradient.execute(gradient);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void synchronize() {
    lock.lock();
    try {
      requireOpen();
      status.throwRecorded();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the bytes of all buffers that were allocated and not yet closed. */
  public long allocatedBytes() {
    return locked(memory::usedBytes);
  }

  @Override
  public void close() {
    List<CpuBuffer> open;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      open = List.copyOf(buffers);
      open.forEach(this::forget);
      workers.close();
      sums.close();
      embeddingBagForward.close();
      perSampleWeightsGradient.close();
    } finally {
      lock.unlock();
    }
    open.forEach(CpuBuffer::free);
  }

  @Override
  public String toString() {
    return "CpuBackend(" + device.summary() + ")";
  }

  /** Returns a table's or a matrix's memory; the lock must be held. */
  MemorySegment memory(Table table) {
    return memory(table.buffer());
  }

  /** Returns a buffer's memory; the lock must be held. */
  MemorySegment memory(DeviceBuffer buffer) {
    if (buffer instanceof CpuBuffer own && own.belongsTo(this)) {
      return own.memory();
    }
    throw new IllegalArgumentException(
        buffer + " belongs to another backend than " + this + "; allocate it on this one");
  }

  /** Runs something while no operation runs. */
  void locked(Runnable action) {
    locked(() -> {
      action.run();
      return this;
    });
  }

  /** Computes something while no operation runs. */
  <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  /** Marks a buffer as closed; returns whether it was open, and so has to be freed. */
  boolean release(CpuBuffer buffer) {
    return locked(() -> forget(buffer));
  }

  private boolean forget(CpuBuffer buffer) {
    boolean wasOpen = buffer.markClosed();
    if (wasOpen) {
      buffers.remove(buffer);
      memory.free(buffer.bytes());
    }
    return wasOpen;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " is closed");
    }
  }
}
