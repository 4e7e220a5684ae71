package dev.embedcl.backend;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.fail;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Buffers for a test, each larger than it needs to be: behind its elements stands a pattern, which
 * {@link #close} expects to find as it was. Everything is moved as integers, so that not a bit of a
 * NaN changes on the way.
 */
public final class TestMemory implements AutoCloseable {
  /** More than a work-group of the largest vectors. */
  private static final int CANARIES = 1024;

  /** A NaN when read as a float, and no row of any table when read as an id. */
  private static final int CANARY = 0xffc0dead;

  private final Backend backend;
  private final Map<DeviceBuffer, Integer> lengths = new LinkedHashMap<>();

  /** Creates a memory whose buffers are on {@code backend}. */
  public TestMemory(Backend backend) {
    this.backend = backend;
  }

  /** Returns a matrix with these elements, as many rows as they make. */
  public Matrix matrix(int columns, float[] values) {
    return matrixOfBits(columns, bits(values));
  }

  /** Returns a matrix with elements of these bits. */
  public Matrix matrixOfBits(int columns, int[] bits) {
    return new Matrix(buffer(DType.FLOAT32, bits), bits.length / columns, columns);
  }

  /** Returns a matrix of a storage type, with the elements nearest to these. */
  public Matrix matrix(DType type, int columns, float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = StoredNumbers.narrow(type, values[i]);
    }
    return matrixOfBits(type, columns, bits);
  }

  /** Returns a matrix of a storage type with elements of these bits. */
  public Matrix matrixOfBits(DType type, int columns, int[] bits) {
    return new Matrix(buffer(type, bits), bits.length / columns, columns);
  }

  /** Returns a buffer with these ids. */
  public DeviceBuffer ids(int[] ids) {
    return buffer(DType.INT32, ids);
  }

  /** Returns a buffer of uint8 with these bytes. */
  public DeviceBuffer bytes(byte[] content) {
    int[] bits = new int[content.length];
    Arrays.setAll(bits, i -> Byte.toUnsignedInt(content[i]));
    return buffer(DType.UINT8, bits);
  }

  /** Returns the elements of a matrix of this memory. */
  public float[] read(Matrix matrix) {
    int[] bits = readBits(matrix.buffer());
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = StoredNumbers.widen(matrix.type(), bits[i]);
    }
    return values;
  }

  /** Returns the bits of the elements of a buffer of this memory, of 8, 16 or 32. */
  public int[] readBits(DeviceBuffer buffer) {
    int length = requireNonNull(lengths.get(buffer), "a buffer of another memory");
    int[] all = new int[length + CANARIES];
    int canary = CANARY & -1 >>> (Integer.SIZE - 8 * buffer.type().bytes());
    switch (buffer.type().bytes()) {
      case Byte.BYTES -> {
        byte[] bytes = new byte[all.length];
        buffer.read(MemorySegment.ofArray(bytes));
        Arrays.setAll(all, i -> Byte.toUnsignedInt(bytes[i]));
      }
      case Short.BYTES -> {
        short[] shorts = new short[all.length];
        buffer.read(MemorySegment.ofArray(shorts));
        Arrays.setAll(all, i -> Short.toUnsignedInt(shorts[i]));
      }
      default -> buffer.read(MemorySegment.ofArray(all));
    }
    for (int i = length; i < all.length; i++) {
      if (all[i] != canary) {
        fail("element " + i + " of " + buffer + " was written; it ends with " + length);
      }
    }
    return Arrays.copyOf(all, length);
  }

  /** Checks what stands behind each buffer's elements, and closes all. */
  @Override
  public void close() {
    try {
      lengths.keySet().forEach(this::readBits);
    } finally {
      lengths.keySet().forEach(DeviceBuffer::close);
    }
  }

  /** Returns the bits of each value. */
  public static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  private DeviceBuffer buffer(DType type, int[] content) {
    int[] all = Arrays.copyOf(content, content.length + CANARIES);
    Arrays.fill(all, content.length, all.length, CANARY);
    DeviceBuffer buffer = backend.allocate(type, all.length);
    lengths.put(buffer, content.length);
    switch (type.bytes()) {
      case Byte.BYTES -> {
        byte[] bytes = new byte[all.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) all[i];
        }
        buffer.write(MemorySegment.ofArray(bytes));
      }
      case Short.BYTES -> {
        short[] shorts = new short[all.length];
        for (int i = 0; i < shorts.length; i++) {
          shorts[i] = (short) all[i];
        }
        buffer.write(MemorySegment.ofArray(shorts));
      }
      default -> buffer.write(MemorySegment.ofArray(all));
    }
    return buffer;
  }
}
