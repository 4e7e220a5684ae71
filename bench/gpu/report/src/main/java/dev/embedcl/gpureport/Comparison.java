package dev.embedcl.gpureport;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a device computed with what pure Java did, every element of it, in parts that the
 * host has room for. Each method returns what is different first, or an empty text.
 */
final class Comparison {
  private static final long PART_BYTES = 64L << 20;
  private static final int SLICES = 64;

  private Comparison() {}

  /** What a row of a table is that no id names. */
  @FunctionalInterface
  interface Untouched {
    void fill(MemorySegment row, long number);
  }

  /** Compares the first rows of two buffers, bit by bit. */
  static String same(DeviceBuffer ours, DeviceBuffer theirs, long rows, int columns) {
    return inParts(
        ours,
        rows,
        columns,
        theirs,
        (part, expected, first) -> {
          MemorySegment there = part(expected, ours.type(), first * columns, part.byteSize());
          long at = part.mismatch(there);
          return at < 0
              ? ""
              : difference(part, there, ours.type(), at / ours.type().bytes(), first, columns);
        });
  }

  /**
   * Compares a table with one of some of its rows alone; the other rows have to be untouched.
   *
   * @param rows the numbers of the rows that {@code theirs} has, ascending
   * @param contributions if bits may differ, how many numbers of at most 1/2 were added up in each
   *     of them: each sum of n may be off by n · (n − 1) · 2^-24
   */
  static String table(
      DeviceBuffer ours,
      DeviceBuffer theirs,
      int columns,
      int[] rows,
      Untouched untouched,
      int @Nullable [] contributions) {
    DType type = ours.type();
    long rowBytes = (long) columns * type.bytes();
    return inParts(
        ours,
        ours.elements() / columns,
        columns,
        theirs,
        (part, expected, first) -> {
          int partRows = (int) (part.byteSize() / rowBytes);
          return IntStream.range(0, SLICES)
              .parallel()
              .mapToObj(slice -> {
                long begin = first + (long) partRows * slice / SLICES;
                long end = first + (long) partRows * (slice + 1) / SLICES;
                int found = Arrays.binarySearch(rows, (int) begin);
                int next = found < 0 ? -found - 1 : found;
                try (Arena arena = Arena.ofConfined()) {
                  MemorySegment start = arena.allocate(rowBytes, 64);
                  for (long row = begin; row < end; row++) {
                    MemorySegment our = part.asSlice((row - first) * rowBytes, rowBytes);
                    MemorySegment their = start;
                    int added = 0;
                    if (next < rows.length && rows[next] == row) {
                      their = part(expected, type, (long) next * columns, rowBytes);
                      added = contributions == null ? 0 : contributions[next];
                      next++;
                    } else {
                      untouched.fill(start, row);
                    }
                    long at = firstBeyond(our, their, type, added);
                    if (at >= 0) {
                      return difference(our, their, type, at, row, columns);
                    }
                  }
                }
                return "";
              })
              .filter(text -> !text.isEmpty())
              .findFirst()
              .orElse("");
        });
  }

  /** Returns the first element that is not within the bound, or -1. */
  private static long firstBeyond(MemorySegment ours, MemorySegment theirs, DType type, int added) {
    long at = ours.mismatch(theirs);
    if (at < 0 || added < 2) {
      return at < 0 ? at : at / type.bytes();
    }
    double bound = (added - 1.0) * added * 0x1p-24;
    for (long i = at / type.bytes(); i < ours.byteSize() / type.bytes(); i++) {
      double distance = Math.abs((double) Inputs.at(ours, type, i) - Inputs.at(theirs, type, i));
      if (!(distance <= bound)) {
        return i;
      }
    }
    return -1;
  }

  /** Looks at some rows that were read. */
  @FunctionalInterface
  private interface Look {
    String at(MemorySegment part, MemorySegment expected, long firstRow);
  }

  private static String inParts(
      DeviceBuffer ours, long rows, int columns, DeviceBuffer theirs, Look look) {
    long rowBytes = (long) columns * ours.type().bytes();
    long partRows = Math.clamp(PART_BYTES / rowBytes, 1, Math.max(rows, 1));
    try (Arena arena = Arena.ofShared();
        DeviceBuffer.Mapping expected = theirs.map(DeviceBuffer.MapMode.READ)) {
      MemorySegment room = arena.allocate(partRows * rowBytes, 64);
      for (long first = 0; first < rows; first += partRows) {
        MemorySegment part = room.asSlice(0, Math.min(partRows, rows - first) * rowBytes);
        ours.read(first * columns, part);
        String difference = look.at(part, expected.segment(), first);
        if (!difference.isEmpty()) {
          return difference;
        }
      }
    }
    return "";
  }

  private static MemorySegment part(MemorySegment whole, DType type, long element, long bytes) {
    return whole.asSlice(element * type.bytes(), bytes);
  }

  private static String difference(
      MemorySegment ours, MemorySegment theirs, DType type, long element, long row, int columns) {
    return "row %d, column %d: %s instead of %s"
        .formatted(
            row + element / columns,
            element % columns,
            Inputs.at(ours, type, element),
            Inputs.at(theirs, type, element));
  }
}
