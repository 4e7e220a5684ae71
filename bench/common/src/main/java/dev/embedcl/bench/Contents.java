package dev.embedcl.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What the tables and gradients hold before a benchmark starts: whole numbers in [-8, 8]. */
public enum Contents {
  /** The token table, [numEmbeddings, embeddingDim]. */
  WEIGHT,
  /** The positional table, [seqLen, embeddingDim]. */
  POSITIONS,
  /** The gradient of the output, [batchSize, seqLen, embeddingDim]. */
  GRAD_OUTPUT,
  /** The token table's gradient, where one exists already. */
  GRAD_WEIGHT,
  /** The positional table's gradient, where one exists already. */
  GRAD_POSITIONS;

  private static final int PERIOD = 17;

  /** Returns the float at a flat index. */
  public float at(long index) {
    return (index * 31 + ordinal() + 1) % PERIOD - 8;
  }

  /** Fills a whole segment of floats. */
  public void fill(MemorySegment floats) {
    int blockBytes = PERIOD * 4096 * Float.BYTES;
    float[] block = new float[blockBytes / Float.BYTES];
    for (int i = 0; i < block.length; i++) {
      block[i] = at(i); // the next block is the same: its length is a multiple of the period
    }
    MemorySegment source = MemorySegment.ofArray(block);
    for (long offset = 0; offset < floats.byteSize(); offset += blockBytes) {
      long bytes = Math.min(blockBytes, floats.byteSize() - offset);
      MemorySegment.copy(
          source, ValueLayout.JAVA_BYTE, 0, floats, ValueLayout.JAVA_BYTE, offset, bytes);
    }
  }
}
