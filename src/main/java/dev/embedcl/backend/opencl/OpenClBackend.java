package dev.embedcl.backend.opencl;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.backend.DeviceMemoryException;
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
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Queue;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A backend on one OpenCL device with one in-order queue, and another for uploads where the launch
 * profile says so.
 *
 * <p>Operations are enqueued under a lock: the launches of one operation stay together, and no
 * kernel object is ever set up by two threads. Transfers take no lock.
 */
public final class OpenClBackend implements Backend {
  private final Context context;
  private final Queue queue;
  private final ReentrantLock lock = new ReentrantLock();
  private final Launcher launcher;
  private final OpenClEmbeddingForward embeddingForward;
  private final OpenClEmbeddingUpdate embeddingUpdate;
  private final OpenClPositionUpdate positionUpdate;
  private final OpenClDenseUpdate denseUpdate;
  private final OpenClCoalescedGradient coalescedGradient;
  private final OpenClEmbeddingBackwardAtomic embeddingBackwardAtomic;
  private final OpenClEmbeddingRenorm embeddingRenorm;
  private final OpenClIndexClamp indexClamp;
  private final OpenClRowNorms rowNorms;
  private final OpenClMatrixScale matrixScale;
  private final OpenClEmbeddingBagForward embeddingBagForward;
  private final OpenClPerSampleWeightsGradient perSampleWeightsGradient;
  private volatile boolean closed;

  private OpenClBackend(Context context, Queue queue, LaunchProfile profile) {
    this.context = context;
    this.queue = queue;
    this.launcher = new Launcher(this, queue, profile);
    this.embeddingForward = new OpenClEmbeddingForward(launcher);
    OpenClRowSums rowSums = new OpenClRowSums(launcher);
    OpenClPositionSums positionSums = new OpenClPositionSums(launcher);
    OpenClRowwiseAdagradUpdate rowwise = new OpenClRowwiseAdagradUpdate(launcher);
    this.embeddingUpdate = new OpenClEmbeddingUpdate(launcher, rowSums, rowwise);
    this.positionUpdate = new OpenClPositionUpdate(launcher, positionSums, rowwise);
    this.denseUpdate = new OpenClDenseUpdate(launcher, rowwise);
    this.coalescedGradient = new OpenClCoalescedGradient(launcher, rowSums);
    this.embeddingBackwardAtomic = new OpenClEmbeddingBackwardAtomic(launcher, positionSums);
    this.embeddingRenorm = new OpenClEmbeddingRenorm(launcher);
    this.indexClamp = new OpenClIndexClamp(launcher);
    this.rowNorms = new OpenClRowNorms(launcher);
    this.matrixScale = new OpenClMatrixScale(launcher);
    this.embeddingBagForward = new OpenClEmbeddingBagForward(launcher);
    this.perSampleWeightsGradient = new OpenClPerSampleWeightsGradient(launcher);
  }

  /**
   * Opens a backend with a context and a queue of its own.
   *
   * @throws dev.embedcl.opencl.OpenClException if the driver refuses
   */
  public static OpenClBackend open(Device device) {
    return open(device, TunedProfiles.choose(device));
  }

  /**
   * Opens a backend with a context and a queue of its own that cuts its work as a profile says.
   *
   * @throws dev.embedcl.opencl.OpenClException if the driver refuses
   */
  public static OpenClBackend open(Device device, LaunchProfile profile) {
    Context context = Context.open(device);
    try {
      return new OpenClBackend(context, Queue.open(context, false), profile);
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  /**
   * Opens a backend on a context and queue of the caller's, as made by {@link Context#wrap} and
   * {@link Queue#wrap}. Closing the backend closes both wrappers; the handles behind them stay the
   * caller's. A profile with {@link LaunchProfile#asideBytes} gets a queue of its own for uploads,
   * on the same context and device; all buffers change in the order of the caller's queue.
   *
   * @throws IllegalArgumentException if the queue belongs to another context
   * @throws dev.embedcl.opencl.OpenClException if the driver refuses
   */
  @SuppressWarnings("ReferenceEquality") // the very context is meant
  public static OpenClBackend wrap(Context context, Queue queue) {
    if (queue.context() != context) {
      throw new IllegalArgumentException(queue + " belongs to another context than " + context);
    }
    return new OpenClBackend(context, queue, TunedProfiles.choose(context.device()));
  }

  /** Returns how work is cut for the device. */
  public LaunchProfile profile() {
    lock.lock();
    try {
      return launcher.profile();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Cuts the work of later operations in another way; they give the same bits. Programs that were
   * built are kept, so that changing to and fro costs nothing.
   */
  public void profile(LaunchProfile profile) {
    lock.lock();
    try {
      launcher.profile(profile);
    } finally {
      lock.unlock();
    }
  }

  /** Returns the queue on which operations are enqueued. */
  public Queue queue() {
    return queue;
  }

  /**
   * Tries every way to add floats atomically, the fastest first, and says what became of each; the
   * first that works is what {@link dev.embedcl.op.Accumulation#ATOMIC} uses. Compiles up to five
   * programs: for reports.
   *
   * @throws IllegalStateException if this backend was closed
   */
  public List<FloatAtomicsTrial> tryFloatAtomics() {
    lock.lock();
    try {
      requireOpen();
      return FloatAtomics.attemptAll(launcher);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public DeviceInfo device() {
    return OpenClDeviceInfo.of(context.device(), profile().name());
  }

  @Override
  public DeviceBuffer allocate(DType type, long elements) {
    Buffer buffer = bufferFor(type, elements);
    try {
      queue.fill(buffer, 0, elements * type.bytes(), (byte) 0);
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
    return new OpenClBuffer(this, queue, buffer, type, elements);
  }

  @Override
  public DeviceBuffer allocateUninitialized(DType type, long elements) {
    return new OpenClBuffer(this, queue, bufferFor(type, elements), type, elements);
  }

  private Buffer bufferFor(DType type, long elements) {
    requireOpen();
    requireArgument(elements >= 0, "elements = %d is negative", elements);
    requireArgument(
        elements <= Long.MAX_VALUE / type.bytes(),
        "elements = %d of %s take more than 2^63-1 bytes",
        elements,
        type);
    long bytes = elements * type.bytes();
    try {
      return context.allocate(bytes);
    } catch (dev.embedcl.opencl.DeviceMemoryException e) {
      DeviceMemoryException translated =
          new DeviceMemoryException(
              String.format(
                  "%s holds %d bytes more, a buffer of %d elements of %s takes %d bytes; close"
                      + " buffers, make the table smaller, or open the device 'cpu', which has the"
                      + " host's memory",
                  context.device(), e.availableBytes(), elements, type, bytes),
              bytes,
              e.availableBytes());
      translated.initCause(e);
      throw translated;
    }
  }

  @Override
  public void execute(Operation operation) {
    lock.lock();
    try {
      requireOpen();
      if (operation.isFloat64()) {
        throw new IllegalArgumentException(
            operation.getClass().getSimpleName()
                + " of FLOAT64 matrices on "
                + this
                + ", which computes in float32; open the device 'cpu' for float64");
      }
      switch (operation) {
        case EmbeddingForward op -> embeddingForward.enqueue(op);
        case EmbeddingUpdate op -> embeddingUpdate.enqueue(op);
        case PositionUpdate op -> positionUpdate.enqueue(op);
        case DenseUpdate op -> denseUpdate.enqueue(op);
        case CoalescedGradient op -> coalescedGradient.enqueue(op);
        case EmbeddingBackwardAtomic op -> embeddingBackwardAtomic.enqueue(op);
        case EmbeddingRenorm op -> embeddingRenorm.enqueue(op);
        case IndexClamp op -> indexClamp.enqueue(op);
        case RowNorms op -> rowNorms.enqueue(op);
        case MatrixScale op -> matrixScale.enqueue(op);
        case EmbeddingBagForward op -> embeddingBagForward.enqueue(op);
        case PerSampleWeightsGradient op -> perSampleWeightsGradient.enqueue(op);
      }
      // Drivers may keep commands until they are asked to send them off: the device shall run this
      // while the host prepares the next.
      queue.flush();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void synchronize() {
    Optional<IndexOutOfBoundsException> badIndex;
    lock.lock();
    try {
      requireOpen();
      badIndex = launcher.badIndexStatus().await();
    } finally {
      lock.unlock();
    }
    if (badIndex.isPresent()) {
      throw badIndex.get();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    context.close();
  }

  @Override
  public String toString() {
    return "OpenClBackend on " + context.device();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " is closed; open another backend");
    }
  }
}
