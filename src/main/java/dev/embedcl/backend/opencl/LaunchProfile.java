package dev.embedcl.backend.opencl;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.opencl.DeviceType;

/**
 * How work is cut for a kind of device. Kernels walk columns and rows in steps of the global size,
 * and what is summed is summed in an order that the operations fix, so any profile gives the same
 * bits; only speed depends on it.
 *
 * @param name where the profile comes from, in a few words
 * @param vectorBytes bytes of a row that one work-item moves together where the dimension allows:
 *     4, 8, 16, 32 or 64, and never more than 16 elements
 * @param unalignedVectors whether vectors that are not aligned to their size pay
 * @param workGroupItems work-items of a work-group, a power of two up to 4,096; 1 gives each
 *     work-item whole rows. A kernel or device that allows fewer gets fewer
 * @param maxRowGroups most work-groups along the rows, 1 to 65,535; work-items then walk several
 *     rows
 * @param streamingBytes results of at least this size are written past the caches; {@link #NEVER}
 *     for none
 * @param rowsInFlight sequences whose rows a forward pass loads before it stores the first: 1, 2, 4
 *     or 8
 * @param bagRowsInFlight rows of a bag that are loaded before the first is added: 1, 2, 4 or 8
 * @param asideBytes ids, row groups and other inputs of at least this size are uploaded on a queue
 *     of their own, while the kernels before them run; {@link #NEVER} for none
 * @param pinnedStaging whether inputs pass through memory that the driver pins, which some copy
 *     from faster and some are slow to make; for backends that are opened with this profile
 */
public record LaunchProfile(
    String name,
    int vectorBytes,
    boolean unalignedVectors,
    int workGroupItems,
    int maxRowGroups,
    long streamingBytes,
    int rowsInFlight,
    int bagRowsInFlight,
    long asideBytes,
    boolean pinnedStaging) {

  /** The {@link #streamingBytes} or {@link #asideBytes} that nothing reaches. */
  public static final long NEVER = Long.MAX_VALUE;

  /** NVIDIA's devices take no more work-groups along any dimension but the first. */
  static final int MOST_ROW_GROUPS = 65_535;

  /** No device has larger work-groups. */
  static final int MOST_WORK_GROUP_ITEMS = 4096;

  /** The widest vectors of the kernel language. */
  private static final int MOST_ELEMENTS = 16;

  private static final int MOST_VECTOR_BYTES = MOST_ELEMENTS * Float.BYTES;
  private static final int MOST_ROWS_IN_FLIGHT = 8;

  /** One 16-byte vector for each work-item, neighbours side by side; where no file says better. */
  static final LaunchProfile GPU =
      new LaunchProfile("gpu", 16, false, 128, MOST_ROW_GROUPS, NEVER, 4, 8, NEVER, false);

  /** One or more whole rows for each work-item: work-items are loops, and cost something. */
  static final LaunchProfile CPU =
      new LaunchProfile("cpu", 64, true, 1, 4096, 4L << 20, 4, 8, NEVER, false);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range; the message names it and the range
   */
  public LaunchProfile {
    requirePowerOfTwo("vectorBytes", vectorBytes, Float.BYTES, MOST_VECTOR_BYTES);
    requirePowerOfTwo("workGroupItems", workGroupItems, 1, MOST_WORK_GROUP_ITEMS);
    requireArgument(
        maxRowGroups >= 1 && maxRowGroups <= MOST_ROW_GROUPS,
        "maxRowGroups = %d is out of range [1, %d]",
        maxRowGroups,
        MOST_ROW_GROUPS);
    requireArgument(streamingBytes >= 0, "streamingBytes = %d is negative", streamingBytes);
    requirePowerOfTwo("rowsInFlight", rowsInFlight, 1, MOST_ROWS_IN_FLIGHT);
    requirePowerOfTwo("bagRowsInFlight", bagRowsInFlight, 1, MOST_ROWS_IN_FLIGHT);
    requireArgument(asideBytes >= 0, "asideBytes = %d is negative", asideBytes);
  }

  /** Returns the profile for a type of device of which nothing else is known. */
  static LaunchProfile of(DeviceType type) {
    return type == DeviceType.CPU ? CPU : GPU;
  }

  /** Returns this profile under another name. */
  public LaunchProfile named(String newName) {
    return new LaunchProfile(
        newName,
        vectorBytes,
        unalignedVectors,
        workGroupItems,
        maxRowGroups,
        streamingBytes,
        rowsInFlight,
        bagRowsInFlight,
        asideBytes,
        pinnedStaging);
  }

  /**
   * Returns the number of columns that are moved together, 1, 4, 8 or 16, for rows of {@code dim}
   * columns of which the narrowest take so many bytes.
   */
  int vectorWidth(int dim, int elementBytes) {
    for (int width = MOST_ELEMENTS; width >= 4; width /= 2) {
      if (width * elementBytes <= vectorBytes && (unalignedVectors || dim % width == 0)) {
        return width;
      }
    }
    return 1;
  }

  private static void requirePowerOfTwo(String name, int value, int least, int most) {
    requireArgument(
        value >= least && value <= most && Integer.bitCount(value) == 1,
        "%s = %d is no power of two in [%d, %d]",
        name,
        value,
        least,
        most);
  }
}
