package dev.embedcl.gpureport;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The start values of a shape, and room to read a table back.
 *
 * @param weight [numEmbeddings, embeddingDim]
 * @param positions [seqLen, embeddingDim], empty without a positional table
 * @param gradOutput [batchSize * seqLen, embeddingDim]
 * @param scratch as large as the largest of them
 */
record HostData(
    MemorySegment weight,
    MemorySegment positions,
    MemorySegment gradOutput,
    MemorySegment scratch) {

  static HostData of(BatchShape shape, Arena arena) {
    MemorySegment weight = floats(arena, shape.tableElements());
    MemorySegment positions = floats(arena, shape.positionElements());
    MemorySegment gradOutput = floats(arena, shape.outElements());
    Inputs.fill(weight, Inputs.WEIGHT_SEED);
    Inputs.fill(positions, Inputs.POSITIONS_SEED);
    Inputs.fill(gradOutput, Inputs.GRAD_OUTPUT_SEED);
    return new HostData(
        weight,
        positions,
        gradOutput,
        floats(arena, Math.max(shape.tableElements(), shape.outElements())));
  }

  /** Returns the bytes of host memory that a shape takes. */
  static long bytes(BatchShape shape) {
    return Float.BYTES
        * (shape.tableElements()
            + shape.positionElements()
            + shape.outElements()
            + Math.max(shape.tableElements(), shape.outElements()));
  }

  private static MemorySegment floats(Arena arena, long elements) {
    return arena.allocate(elements * Float.BYTES, 64);
  }
}
