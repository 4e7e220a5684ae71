package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * The forward passes' loops where not everything is float32: rows pass through arrays of float32 a
 * strip at a time. All offsets are in bytes. Each thread has an instance of its own.
 */
final class StoredRows {
  private static final int STRIP = RowStorage.STRIP;

  private final RowStorage storage;
  private final float[] one = new float[STRIP];
  private final float[] common = new float[STRIP];

  StoredRows(RowStorage storage) {
    this.storage = storage;
  }

  /** Widens a row to float32. */
  void widen(DType type, MemorySegment rows, long rowAt, MemorySegment to, long toAt, int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      storage.load(type, rows, rowAt + (long) first * type.bytes(), one, width);
      storage.store(DType.FLOAT32, one, to, toAt + 4L * first, width);
    }
  }

  /** Rounds a row of float32 to the nearest numbers of a type, to the even one of two. */
  void narrow(
      MemorySegment rows, long rowAt, DType type, MemorySegment to, long toAt, int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      storage.load(DType.FLOAT32, rows, rowAt + 4L * first, one, width);
      storage.store(type, one, to, toAt + (long) first * type.bytes(), width);
    }
  }

  /** Adds one row to several, as {@link RowKernels#addToRows}, each of its own type. */
  void addToRows(
      DType type,
      MemorySegment rows,
      long[] rowAt,
      int count,
      DType addedType,
      MemorySegment added,
      long addedAt,
      DType toType,
      MemorySegment to,
      long[] toAt,
      int columns) {
    if (type == DType.BFLOAT16 && addedType == type && toType == type) {
      storage.bfloat16().addToRows(rows, rowAt, count, added, addedAt, to, toAt, columns);
      return;
    }
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      storage.load(addedType, added, addedAt + (long) first * addedType.bytes(), common, width);
      for (int i = 0; i < count; i++) {
        long from = rowAt[i] + (long) first * type.bytes();
        long target = toAt[i] + (long) first * toType.bytes();
        if (type == DType.FLOAT16 && toType == type) {
          storage.addFloat16(rows, from, common, to, target, width);
        } else {
          storage.load(type, rows, from, one, width);
          add(one, common, width);
          storage.store(toType, one, to, target, width);
        }
      }
    }
  }

  private static void add(float[] to, float[] row, int width) {
    for (int i = 0; i < width; i++) {
      to[i] += row[i];
    }
  }
}
