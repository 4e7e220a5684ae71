package dev.embedcl.cli;

import java.util.Optional;

/**
 * What {@code bench} shall measure.
 *
 * @param device what was asked for with {@code --device}
 * @param numEmbeddings rows of the token table
 * @param embeddingDim columns
 * @param batchSize sequences to a call
 * @param seqLen ids to a sequence
 * @param secondsPerRow how long each operation is repeated
 * @param copyBytes what the copy reads at most
 */
record BenchRequest(
    Optional<String> device,
    int numEmbeddings,
    int embeddingDim,
    int batchSize,
    int seqLen,
    double secondsPerRow,
    long copyBytes) {

  /** Returns the ids of a call. */
  int count() {
    return batchSize * seqLen;
  }

  /** Returns the bytes of a call's output. */
  long outputBytes() {
    return (long) count() * embeddingDim * Float.BYTES;
  }
}
