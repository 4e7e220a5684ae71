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

  /** Converts a table's row, quantised ones too, to another type. */
  void convert(
      DType type,
      MemorySegment rows,
      long rowAt,
      DType toType,
      MemorySegment to,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      load(type, rows, rowAt, first, columns, one, width);
      storage.store(toType, one, to, toAt + (long) first * toType.bytes(), width);
    }
  }

  /**
   * Widens a part of a table's row to float32.
   *
   * @param first the first column of the part
   * @param width the part's columns, at most {@link RowStorage#STRIP}
   * @param columns all columns of the row
   */
  void widen(
      DType type,
      MemorySegment rows,
      long rowAt,
      int first,
      int width,
      int columns,
      MemorySegment to,
      long toAt) {
    load(type, rows, rowAt, first, columns, one, width);
    storage.store(DType.FLOAT32, one, to, toAt, width);
  }

  private void load(
      DType type, MemorySegment rows, long rowAt, int first, int columns, float[] to, int width) {
    if (type == DType.UINT8) {
      storage.loadQuantized(rows, rowAt + first, rowAt + columns, to, width);
    } else {
      storage.load(type, rows, rowAt + (long) first * type.bytes(), to, width);
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
    if (type == DType.FLOAT16 && addedType == type && toType == type) {
      storage.float16().addToRows(rows, rowAt, count, added, addedAt, to, toAt, columns);
      return;
    }
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      storage.load(addedType, added, addedAt + (long) first * addedType.bytes(), common, width);
      for (int i = 0; i < count; i++) {
        load(type, rows, rowAt[i], first, columns, one, width);
        add(one, common, width);
        storage.store(toType, one, to, toAt[i] + (long) first * toType.bytes(), width);
      }
    }
  }

  private static void add(float[] to, float[] row, int width) {
    for (int i = 0; i < width; i++) {
      to[i] += row[i];
    }
  }
}
