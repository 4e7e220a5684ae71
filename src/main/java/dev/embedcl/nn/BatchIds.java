package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.IndexClamp;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The ids of one batch after the other, on the device and on the host. A batch comes in three
 * steps: {@link #check} finds what can be wrong with it, {@link #place} says where its ids will be
 * and gives up the last batch, {@link #send} puts them there.
 */
final class BatchIds {
  private final Backend backend;
  private final long numEmbeddings;
  private final long clampTo;
  private final GrowingBuffer memory;

  /** The last batch's ids, if {@link #known} or fetched. */
  private int[] ids = new int[0];

  /** Takes the ids of the next batch until they have passed every check. */
  private int[] incoming = new int[0];

  private boolean known;
  private int count;
  private @Nullable DeviceBuffer given;
  private @Nullable DeviceBuffer placed;

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
   * Checks a batch whose ids a kernel takes, see {@link IndexBatch#checkable}. The last batch stays
   * as it is.
   *
   * @throws IndexOutOfBoundsException at the first id of the host that is out of range, unless
   *     there is a row that it becomes
   */
  void check(IndexBatch batch) {
    if (batch.device() == null) {
      if (incoming.length < batch.count()) {
        incoming = new int[batch.count()];
      }
      batch.copyTo(incoming, numEmbeddings, clampTo);
    }
  }

  /** Returns where the ids of the batch that was checked will be; the last one's are gone. */
  DeviceBuffer place(IndexBatch batch) {
    placed = null;
    DeviceBuffer onDevice = batch.device();
    DeviceBuffer place =
        onDevice == null || clampTo != LookupOptions.NO_CLAMP
            ? memory.atLeast(batch.count())
            : onDevice;
    count = batch.count();
    given = onDevice;
    placed = place;
    return place;
  }

  /** Puts the ids where {@link #place} said, if they are elsewhere. */
  void send() {
    DeviceBuffer from = given;
    DeviceBuffer to = require();
    known = from == null;
    if (from == null) {
      to.write(firstInts(incoming, count));
      int[] free = ids;
      ids = incoming;
      incoming = free;
    } else if (clampTo != LookupOptions.NO_CLAMP) {
      backend.execute(new IndexClamp(from, to, count, numEmbeddings, (int) clampTo));
    }
  }

  /** Returns the number of ids. */
  int count() {
    return count;
  }

  /** Returns whether the ids are on the host and in range. */
  boolean areKnown() {
    return known;
  }

  /** Returns the ids, fetched if they are on the device alone; then they may be out of range. */
  int[] onHost() {
    if (!known) {
      if (ids.length < count) {
        ids = new int[count];
      }
      require().read(firstInts(ids, count));
    }
    return ids;
  }

  /** Takes it that the ids which {@link #onHost} fetched are in range. */
  void confirm() {
    known = true;
  }

  void close() {
    placed = null;
    memory.close();
  }

  private DeviceBuffer require() {
    DeviceBuffer ids = placed;
    if (ids == null) {
      throw new IllegalStateException("no batch was placed");
    }
    return ids;
  }

  private static MemorySegment firstInts(int[] values, int count) {
    return MemorySegment.ofArray(values).asSlice(0, (long) count * Integer.BYTES);
  }
}
