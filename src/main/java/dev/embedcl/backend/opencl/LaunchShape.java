package dev.embedcl.backend.opencl;

/**
 * How the work of one kernel is cut into work-items and work-groups.
 *
 * @param vectorWidth columns that the kernel moves together
 * @param workGroupItems work-items of a work-group; 1 gives each work-item whole rows
 * @param maxRowGroups most work-groups along the rows; work-items then walk several rows
 */
record LaunchShape(int vectorWidth, int workGroupItems, int maxRowGroups) {

  /** Returns the work-items along the columns, before rounding to whole work-groups. */
  private int columnItems(int dim) {
    return workGroupItems == 1 ? 1 : Math.max(1, dim / vectorWidth);
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
