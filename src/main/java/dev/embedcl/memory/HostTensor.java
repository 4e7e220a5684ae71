package dev.embedcl.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A dense, row-major tensor in native host memory, little-endian.
 *
 * <p>A tensor made by {@link #allocate} owns its memory and frees it on {@link #close}; one made by
 * {@link #wrap} is a view and leaves the memory to its owner. After {@code close} every access to
 * the segment throws {@link IllegalStateException}. Any thread may read, write and close it.
 */
public final class HostTensor implements AutoCloseable {
  /** Alignment of owned memory in bytes: one cache line, and every vector width. */
  private static final long ALIGNMENT_BYTES = 64;

  private final DType type;
  private final Shape shape;
  private final MemorySegment segment;
  private final @Nullable Arena owned;
  private final AtomicBoolean closed = new AtomicBoolean();

  private HostTensor(DType type, Shape shape, MemorySegment segment, @Nullable Arena owned) {
    this.type = type;
    this.shape = shape;
    this.segment = segment;
    this.owned = owned;
  }

  /**
   * Allocates a zero-filled tensor.
   *
   * @throws IllegalArgumentException if the size in bytes exceeds 2^63-1
   * @throws OutOfMemoryError if the operating system refuses the memory
   */
  @SuppressWarnings("MustBeClosed") // the tensor owns the arena and closes it
  public static HostTensor allocate(DType type, Shape shape) {
    long bytes = bytes(type, shape);
    Arena arena = Arena.ofShared();
    return new HostTensor(type, shape, arena.allocate(bytes, ALIGNMENT_BYTES), arena);
  }

  /**
   * Views existing memory as a tensor; the caller keeps it alive and frees it.
   *
   * @throws IllegalArgumentException if the segment is on the Java heap or its size is not exactly
   *     the tensor's
   */
  public static HostTensor wrap(DType type, Shape shape, MemorySegment segment) {
    long bytes = bytes(type, shape);
    if (segment.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "segment has "
              + segment.byteSize()
              + " bytes; a "
              + type
              + " tensor of shape "
              + shape
              + " takes "
              + bytes);
    }
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "segment is on the Java heap; copy it into HostTensor.allocate(" + type + ", …) instead");
    }
    return new HostTensor(type, shape, segment, null);
  }

  /**
   * Allocates a {@link DType#FLOAT32} tensor and copies {@code values} into it.
   *
   * @throws IllegalArgumentException if the number of values is not {@code shape.elements()}
   */
  public static HostTensor of(Shape shape, float... values) {
    checkCount(shape, values.length);
    HostTensor tensor = allocate(DType.FLOAT32, shape);
    MemorySegment.copy(values, 0, tensor.segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return tensor;
  }

  /**
   * Allocates a {@link DType#FLOAT64} tensor and copies {@code values} into it.
   *
   * @throws IllegalArgumentException if the number of values is not {@code shape.elements()}
   */
  public static HostTensor of(Shape shape, double... values) {
    checkCount(shape, values.length);
    HostTensor tensor = allocate(DType.FLOAT64, shape);
    MemorySegment.copy(values, 0, tensor.segment, ValueLayout.JAVA_DOUBLE, 0, values.length);
    return tensor;
  }

  /**
   * Allocates an {@link DType#INT32} tensor and copies {@code values} into it.
   *
   * @throws IllegalArgumentException if the number of values is not {@code shape.elements()}
   */
  public static HostTensor of(Shape shape, int... values) {
    checkCount(shape, values.length);
    HostTensor tensor = allocate(DType.INT32, shape);
    MemorySegment.copy(values, 0, tensor.segment, ValueLayout.JAVA_INT, 0, values.length);
    return tensor;
  }

  /**
   * Converts to another floating-point type, as PyTorch's {@code tensor.to(dtype)}: each number
   * becomes the nearest, the even one of two that are equally near. From float64 to 16 bits too it
   * is rounded once, where PyTorch rounds to float32 in between.
   *
   * @param type {@link DType#FLOAT64}, {@link DType#FLOAT32}, {@link DType#FLOAT16} or {@link
   *     DType#BFLOAT16}
   * @return a new tensor of the same shape, to be closed by the caller
   * @throws IllegalArgumentException if this tensor's type or the other is none of these
   * @throws IllegalStateException if this tensor was closed
   */
  public HostTensor to(DType type) {
    StoredFloats from = StoredFloats.of(this.type);
    StoredFloats to = StoredFloats.of(type);
    HostTensor converted = allocate(type, shape);
    try {
      for (long i = 0; i < elements(); i++) {
        to.set(converted.segment, i, from.get(segment, i));
      }
      return converted;
    } catch (RuntimeException | Error e) {
      converted.close();
      throw e;
    }
  }

  /** Returns the element type. */
  public DType type() {
    return type;
  }

  /** Returns the shape. */
  public Shape shape() {
    return shape;
  }

  /** Returns the number of elements. */
  public long elements() {
    return shape.elements();
  }

  /** Returns the memory, of exactly {@code elements() * type().bytes()} bytes. */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Copies all elements of a {@link DType#FLOAT32} tensor to a new array.
   *
   * @throws IllegalStateException if the type is another one, or the tensor was closed
   * @throws IllegalArgumentException if there are more elements than an array can hold
   */
  public float[] toFloatArray() {
    checkArray(DType.FLOAT32);
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }

  /**
   * Copies all elements of a {@link DType#FLOAT64} tensor to a new array.
   *
   * @throws IllegalStateException if the type is another one, or the tensor was closed
   * @throws IllegalArgumentException if there are more elements than an array can hold
   */
  public double[] toDoubleArray() {
    checkArray(DType.FLOAT64);
    return segment.toArray(ValueLayout.JAVA_DOUBLE);
  }

  /**
   * Copies all elements of an {@link DType#INT32} tensor to a new array.
   *
   * @throws IllegalStateException if the type is another one, or the tensor was closed
   * @throws IllegalArgumentException if there are more elements than an array can hold
   */
  public int[] toIntArray() {
    checkArray(DType.INT32);
    return segment.toArray(ValueLayout.JAVA_INT);
  }

  /** Frees the memory if this tensor owns it; further calls do nothing. */
  @Override
  public void close() {
    if (owned != null && closed.compareAndSet(false, true)) {
      owned.close();
    }
  }

  @Override
  public String toString() {
    return "HostTensor(" + type + ", " + shape + ")";
  }

  private static long bytes(DType type, Shape shape) {
    try {
      return Math.multiplyExact(shape.elements(), (long) type.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "a " + type + " tensor of shape " + shape + " has more than 2^63-1 bytes", e);
    }
  }

  private static void checkCount(Shape shape, int values) {
    if (shape.elements() != values) {
      throw new IllegalArgumentException(
          values + " values for shape " + shape + " of " + shape.elements() + " elements");
    }
  }

  private void checkArray(DType wanted) {
    if (type != wanted) {
      throw new IllegalStateException(this + " holds " + type + ", not " + wanted);
    }
    if (elements() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          this + " has more elements than a Java array can hold; read its segment() in parts");
    }
  }
}
