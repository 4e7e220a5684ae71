package dev.embedcl.bench;

import java.lang.foreign.MemorySegment;

/** A table that is read in parts, as some are too large to be copied whole. */
@FunctionalInterface
public interface Rows {

  /**
   * Returns some rows.
   *
   * @return float32, [count, embeddingDim], valid until the next call
   */
  MemorySegment floats(long first, long count);
}
