package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Checks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a batch of sequences, [batchSize, seqLen], and the position at which the sequences
 * start.
 *
 * <p>A view: nothing is copied until {@code forward} does, before which the ids must not change.
 */
public final class IndexBatch {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DType type;
  private final MemorySegment host;
  private final @Nullable DeviceBuffer device;
  private final int batchSize;
  private final int seqLen;
  private final int start;

  private IndexBatch(
      DType type,
      MemorySegment host,
      @Nullable DeviceBuffer device,
      int batchSize,
      int seqLen,
      int start) {
    this.type = type;
    this.host = host;
    this.device = device;
    this.batchSize = batchSize;
    this.seqLen = seqLen;
    this.start = start;
  }

  /**
   * Returns a batch of byte ids, signed as Java's are.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IllegalArgumentException if a size is negative or their product is not the number of
   *     ids
   */
  public static IndexBatch of(byte[] indices, int batchSize, int seqLen) {
    return of(DType.INT8, MemorySegment.ofArray(indices), batchSize, seqLen);
  }

  /**
   * Returns a batch of short ids.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IllegalArgumentException if a size is negative or their product is not the number of
   *     ids
   */
  public static IndexBatch of(short[] indices, int batchSize, int seqLen) {
    return of(DType.INT16, MemorySegment.ofArray(indices), batchSize, seqLen);
  }

  /**
   * Returns a batch of int ids.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IllegalArgumentException if a size is negative or their product is not the number of
   *     ids
   */
  public static IndexBatch of(int[] indices, int batchSize, int seqLen) {
    return of(DType.INT32, MemorySegment.ofArray(indices), batchSize, seqLen);
  }

  /**
   * Returns a batch of long ids, PyTorch's default.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IllegalArgumentException if a size is negative or their product is not the number of
   *     ids
   */
  public static IndexBatch of(long[] indices, int batchSize, int seqLen) {
    return of(DType.INT64, MemorySegment.ofArray(indices), batchSize, seqLen);
  }

  /**
   * Returns a batch of the ids in a tensor.
   *
   * @param indices [batchSize, seqLen], or [seqLen] for a single sequence; of an integer type
   * @throws IllegalArgumentException if rank or type is another, or there are more than 2^31-1 ids
   */
  public static IndexBatch of(HostTensor indices) {
    Shape shape = indices.shape();
    requireArgument(
        shape.rank() == 1 || shape.rank() == 2,
        "indices have shape %s; give [batchSize, seqLen] or [seqLen]",
        shape);
    requireArgument(
        shape.elements() <= Integer.MAX_VALUE,
        "indices have shape %s: more than the limit of %d ids per call; split the batch",
        shape,
        Integer.MAX_VALUE);
    int seqLen = size(shape, shape.rank() - 1);
    int batchSize = shape.rank() == 1 ? 1 : size(shape, 0);
    return of(indices.type(), indices.segment(), batchSize, seqLen);
  }

  /**
   * Returns a batch of the ids in host memory.
   *
   * @param type {@link DType#INT64}, {@link DType#INT32}, {@link DType#INT16}, {@link DType#INT8}
   *     or {@link DType#UINT8}
   * @param indices [batchSize, seqLen], sequence after sequence, little-endian; heap or native
   * @throws IllegalArgumentException if the type is no integer, a size is negative or their product
   *     is not the number of ids
   */
  public static IndexBatch of(DType type, MemorySegment indices, int batchSize, int seqLen) {
    requireArgument(isIndexType(type), "indices of %s are not supported; use INT32 or INT64", type);
    Checks.requireBatch(batchSize, seqLen);
    long count = (long) batchSize * seqLen;
    if (indices.byteSize() != count * type.bytes()) {
      // No requireArgument here: the message's parts would be made for every batch.
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "indices hold %d ids of %s (%d bytes); batchSize * seqLen = %d * %d = %d are needed",
              indices.byteSize() / type.bytes(),
              type,
              indices.byteSize(),
              batchSize,
              seqLen,
              count));
    }
    return new IndexBatch(type, indices, null, batchSize, seqLen, 0);
  }

  /**
   * Returns a batch of ids that are on the device already; {@code forward} then uses int32 ids in
   * place, and reads those of another type back to convert them.
   *
   * <p>Int32 ids cannot be checked beforehand: an id out of range leaves its row of the output as
   * it was, and the backend's next {@code synchronize} throws (unless the layer has a row that
   * stands for them). What {@code backward}, the optimizer steps and {@code maxNorm} need of the
   * ids on the host they read back, so the buffer has to stay as it is until then.
   *
   * @param indices ids of an integer type, [batchSize, seqLen]; the buffer may be larger
   * @throws IllegalArgumentException if the type is another, a size is negative or the buffer too
   *     small
   */
  public static IndexBatch onDevice(DeviceBuffer indices, int batchSize, int seqLen) {
    Checks.requireBatch(batchSize, seqLen);
    requireArgument(
        isIndexType(indices.type()),
        "indices hold %s; use INT32, which is taken in place, or INT64",
        indices.type());
    requireArgument(
        indices.elements() >= (long) batchSize * seqLen,
        "indices hold %d ids; batchSize * seqLen = %d * %d = %d are needed",
        indices.elements(),
        batchSize,
        seqLen,
        (long) batchSize * seqLen);
    return new IndexBatch(indices.type(), MemorySegment.NULL, indices, batchSize, seqLen, 0);
  }

  /**
   * Returns the same ids with every sequence starting at another position than 0, as when a text
   * goes on from where an earlier call ended.
   *
   * @param start the position of each sequence's first id
   * @throws IllegalArgumentException if {@code start} is negative
   */
  public IndexBatch startingAt(int start) {
    requireArgument(start >= 0, "start = %d is negative", start);
    return new IndexBatch(type, host, device, batchSize, seqLen, start);
  }

  /** Returns the number of sequences. */
  public int batchSize() {
    return batchSize;
  }

  /** Returns the number of ids in each sequence. */
  public int seqLen() {
    return seqLen;
  }

  /** Returns the position of each sequence's first id. */
  public int start() {
    return start;
  }

  /** Returns the number of ids, {@code batchSize * seqLen}. */
  public int count() {
    return batchSize * seqLen;
  }

  /** Returns where the ids are on the device, or null when they are on the host. */
  @Nullable DeviceBuffer device() {
    return device;
  }

  /** Returns this, or its ids on the host where no kernel takes their type. */
  IndexBatch checkable() {
    if (device == null || type == DType.INT32) {
      return this;
    }
    byte[] ids = new byte[Math.toIntExact((long) count() * type.bytes())];
    device.read(MemorySegment.ofArray(ids));
    return new IndexBatch(type, MemorySegment.ofArray(ids), null, batchSize, seqLen, start);
  }

  /**
   * Copies ids of the host, and checks the copy: what the caller does to his own afterwards, even
   * meanwhile, cannot lead a device astray.
   *
   * @param clampTo the row that ids out of range become, or {@link LookupOptions#NO_CLAMP}
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings), unless
   *     there is a row that they become
   */
  void copyTo(int[] target, long numEmbeddings, long clampTo) {
    int count = count();
    switch (type) {
      case INT32 -> MemorySegment.copy(host, INT, 0, target, 0, count);
      case INT64 -> {
        for (int i = 0; i < count; i++) {
          target[i] = narrow(host.getAtIndex(LONG, i), i, numEmbeddings, clampTo);
        }
      }
      case INT16 -> {
        for (int i = 0; i < count; i++) {
          target[i] = host.getAtIndex(SHORT, i);
        }
      }
      case INT8 -> {
        for (int i = 0; i < count; i++) {
          target[i] = host.get(ValueLayout.JAVA_BYTE, i);
        }
      }
      case UINT8 -> {
        for (int i = 0; i < count; i++) {
          target[i] = Byte.toUnsignedInt(host.get(ValueLayout.JAVA_BYTE, i));
        }
      }
      case FLOAT64, FLOAT32, FLOAT16, BFLOAT16, BOOL ->
          throw new IllegalStateException("no ids of " + type + " pass the factory");
    }
    if (clampTo == LookupOptions.NO_CLAMP) {
      Checks.requireIndices(target, count, numEmbeddings);
      return;
    }
    for (int i = 0; i < count; i++) {
      if (target[i] < 0 || target[i] >= numEmbeddings) {
        target[i] = (int) clampTo;
      }
    }
  }

  @Override
  public String toString() {
    return "IndexBatch([" + batchSize + ", " + seqLen + "] from position " + start + ")";
  }

  private static boolean isIndexType(DType type) {
    return switch (type) {
      case INT64, INT32, INT16, INT8, UINT8 -> true;
      case FLOAT64, FLOAT32, FLOAT16, BFLOAT16, BOOL -> false;
    };
  }

  private static int narrow(long index, int position, long numEmbeddings, long clampTo) {
    if (index < 0 || index >= numEmbeddings) {
      if (clampTo != LookupOptions.NO_CLAMP) {
        return (int) clampTo;
      }
      throw Checks.indexOutOfRange(position, index, numEmbeddings);
    }
    return (int) index;
  }

  private static int size(Shape shape, int dimension) {
    long size = shape.size(dimension);
    requireArgument(
        size <= Integer.MAX_VALUE,
        "indices have shape %s; a size is at most %d",
        shape,
        Integer.MAX_VALUE);
    return (int) size;
  }
}
