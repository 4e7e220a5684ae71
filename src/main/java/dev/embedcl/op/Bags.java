package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * Ids on a device, cut into bags: bag b has the positions from {@code offsets[b]} to below {@code
 * offsets[b + 1]}.
 *
 * <p>What the buffers hold is not checked. Operations skip an id that is not in [0, numEmbeddings)
 * and record it; they take an offset beyond [0, count] as the nearest one within, and a bag that
 * ends before it begins as empty.
 *
 * @param indices int32, at least {@code count}
 * @param offsets int32, at least {@code bags + 1}
 * @param count how many ids there are, 0 allowed
 * @param bags how many bags there are, 0 allowed
 * @param paddingIdx the id that counts for nothing, or {@link IndexGroups#NO_PADDING}
 */
public record Bags(
    DeviceBuffer indices, DeviceBuffer offsets, int count, int bags, long paddingIdx) {

  /**
   * Checks sizes and types.
   *
   * @throws IllegalArgumentException if a size is negative, a buffer is too small or not int32, or
   *     {@code paddingIdx} is no row of any table
   */
  public Bags {
    requireArgument(count >= 0, "count = %d is negative", count);
    requireArgument(bags >= 0, "bags = %d is negative", bags);
    Checks.requireIndexBuffer(indices, count);
    if (offsets.type() != DType.INT32) {
      throw new IllegalArgumentException(
          "offsets hold " + offsets.type() + "; give a buffer of INT32");
    }
    requireArgument(
        offsets.elements() > bags,
        "offsets hold %d numbers; %d bags take one more than there are bags",
        offsets.elements(),
        bags);
    requireArgument(
        paddingIdx >= IndexGroups.NO_PADDING && paddingIdx < Matrix.MAX_ROWS,
        "paddingIdx = %d is out of range [0, %d)",
        paddingIdx,
        Matrix.MAX_ROWS);
  }
}
