package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;

/**
 * How work is cut for a kind of device. Kernels walk columns and rows in steps of the global size,
 * so any cut gives the same bits; only speed depends on it.
 *
 * @param widestVector columns that are moved together where the dimension allows
 * @param unalignedVectors whether vectors that are not aligned to their size pay
 * @param workGroupItems work-items of a work-group; 1 gives each work-item whole rows
 * @param maxRowGroups most work-groups along the rows; work-items then walk several rows
 * @param streamingBytes results of at least this size are written past the caches
 */
record LaunchProfile(
    int widestVector,
    boolean unalignedVectors,
    int workGroupItems,
    int maxRowGroups,
    long streamingBytes) {

  /**
   * One 16-byte vector for each work-item, neighbours side by side. NVIDIA's devices take up to
   * 65,535 work-groups along any dimension but the first.
   */
  static final LaunchProfile GPU = new LaunchProfile(4, false, 128, 65_535, Long.MAX_VALUE);

  /** One or more whole rows for each work-item: work-items are loops, and cost something. */
  static final LaunchProfile CPU = new LaunchProfile(16, true, 1, 4096, 4L << 20);

  static LaunchProfile of(Device device) {
    return device.type() == DeviceType.CPU ? CPU : GPU;
  }

  /** Returns the number of columns that are moved together for rows of {@code dim} columns. */
  int vectorWidth(int dim) {
    return unalignedVectors || dim % widestVector == 0 ? widestVector : 1;
  }

  /** Returns whether every vector of a row is aligned to its size. */
  boolean aligned(int dim) {
    return dim % vectorWidth(dim) == 0;
  }

  /** Returns the work-items along the columns, before rounding to whole work-groups. */
  private int columnItems(int dim) {
    return workGroupItems == 1 ? 1 : Math.max(1, dim / vectorWidth(dim));
  }

  /** Returns the work-group's size along the columns. */
  int localColumns(int dim) {
    int columns = columnItems(dim);
    int roundedUp = columns == 1 ? 1 : Integer.highestOneBit(columns - 1) << 1;
    int best = Math.min(roundedUp, workGroupItems);
    // Down to the 32 that run in step, the size that leaves the fewest work-items beyond the row.
    for (int size = best / 2; size >= 32; size /= 2) {
      if (roundUp(columns, size) < roundUp(columns, best)) {
        best = size;
      }
    }
    return best;
  }

  /** Returns the work-group's size along the rows. */
  int localRows(int dim) {
    return workGroupItems / localColumns(dim);
  }

  /** Returns the global size along the columns. */
  long globalColumns(int dim) {
    return roundUp(columnItems(dim), localColumns(dim));
  }

  /** Returns the global size along {@code rows} rows. */
  long globalRows(int dim, long rows) {
    int localRows = localRows(dim);
    return roundUp(Math.min(rows, (long) maxRowGroups * localRows), localRows);
  }

  /** Returns the global size along a third dimension of that length. */
  long globalDepth(long depth) {
    return Math.min(depth, maxRowGroups);
  }

  private static long roundUp(long value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }
}
