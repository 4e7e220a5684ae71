package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.IndexClamp;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Brings the ids of one batch after the other to a device, in two steps: {@link #take} finds what
 * can be wrong with them, and only {@link #send} changes anything.
 */
final class BatchIds {
  private final Backend backend;
  private final long numEmbeddings;
  private final long clampTo;
  private final GrowingBuffer memory;
  private int[] host = new int[0];
  private int count;
  private @Nullable DeviceBuffer given;
  private @Nullable DeviceBuffer target;

  /**
   * Creates what brings ids of a table.
   *
   * @param clampTo the row that ids out of range become, or {@link LookupOptions#NO_CLAMP}
   */
  BatchIds(Backend backend, long numEmbeddings, long clampTo) {
    this.backend = backend;
    this.numEmbeddings = numEmbeddings;
    this.clampTo = clampTo;
    this.memory = new GrowingBuffer(backend, DType.INT32);
  }

  /**
   * Checks a batch whose ids a kernel takes, see {@link IndexBatch#checkable}.
   *
   * @return where its ids will be
   * @throws IndexOutOfBoundsException at the first id of the host that is out of range, unless
   *     there is a row that it becomes
   */
  DeviceBuffer take(IndexBatch batch) {
    count = batch.count();
    given = batch.device();
    DeviceBuffer onDevice = given;
    if (onDevice == null) {
      if (host.length < count) {
        host = new int[count];
      }
      batch.copyTo(host, numEmbeddings, clampTo);
    }
    if (onDevice != null && clampTo == LookupOptions.NO_CLAMP) {
      target = null;
      return onDevice;
    }
    DeviceBuffer ids = memory.atLeast(count);
    target = ids;
    return ids;
  }

  /** Puts the ids of the batch that was taken where {@link #take} said, if they are elsewhere. */
  void send() {
    DeviceBuffer from = given;
    DeviceBuffer to = target;
    if (to == null) {
      return;
    }
    if (from == null) {
      to.write(MemorySegment.ofArray(host).asSlice(0, (long) count * Integer.BYTES));
    } else {
      backend.execute(new IndexClamp(from, to, count, numEmbeddings, (int) clampTo));
    }
  }

  void close() {
    memory.close();
  }
}
