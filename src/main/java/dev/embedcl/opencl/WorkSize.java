package dev.embedcl.opencl;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The sizes of a launch. */
final class WorkSize {
  static final int MAX_DIMENSIONS = 3;

  private WorkSize() {}

  /**
   * Checks the sizes of a launch.
   *
   * @return false if there is nothing to do: drivers disagree on whether a size of 0 is an error
   * @throws IllegalArgumentException if the sizes make no sense
   */
  static boolean check(long[] global, long @Nullable [] local) {
    if (global.length < 1 || global.length > MAX_DIMENSIONS) {
      throw new IllegalArgumentException(
          "globalWorkSize = " + Arrays.toString(global) + " must have 1 to 3 dimensions");
    }
    if (local != null && local.length != global.length) {
      throw new IllegalArgumentException(
          String.format(
              "localWorkSize = %s must have the dimensions of globalWorkSize = %s",
              Arrays.toString(local), Arrays.toString(global)));
    }
    boolean work = true;
    for (int i = 0; i < global.length; i++) {
      if (global[i] < 0) {
        throw new IllegalArgumentException(
            "globalWorkSize = " + Arrays.toString(global) + " must not be negative");
      }
      if (local != null && local[i] < 1) {
        throw new IllegalArgumentException(
            "localWorkSize = " + Arrays.toString(local) + " must be at least 1");
      }
      work &= global[i] > 0;
    }
    return work;
  }
}
