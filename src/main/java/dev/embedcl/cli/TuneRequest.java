package dev.embedcl.cli;

import java.util.Optional;

/**
 * What {@code tune} shall measure.
 *
 * @param device what was asked for with {@code --device}
 * @param numEmbeddings rows of the token table
 * @param embeddingDim columns
 * @param batchSize sequences to a call
 * @param seqLen ids to a sequence
 * @param seconds how long all of it may take, about
 */
record TuneRequest(
    Optional<String> device,
    int numEmbeddings,
    int embeddingDim,
    int batchSize,
    int seqLen,
    double seconds) {}
