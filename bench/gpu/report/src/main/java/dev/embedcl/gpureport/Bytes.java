package dev.embedcl.gpureport;

import java.util.List;

/**
 * What an operation on a problem cannot avoid to move, in bytes; of what batches differ in, the
 * mean.
 *
 * @param ids as they lie on the device, 4 bytes each
 * @param offsets where bags begin, 4 bytes each
 * @param rowsRead the row of every id, as it is stored
 * @param out the result of a forward pass, as it is stored
 * @param gradient that of the result, float32
 * @param touched the rows that the ids name, each once, as they are stored
 * @param touched32 the same in float32
 * @param touchedRows one number for each of these rows
 * @param positions the positional rows, as they are stored; 0 without
 * @param positions32 the same in float32
 * @param table32 a gradient of the table's size
 */
record Bytes(
    double ids,
    double offsets,
    double rowsRead,
    double out,
    double gradient,
    double touched,
    double touched32,
    double touchedRows,
    double positions,
    double positions32,
    double table32) {

  static Bytes of(Problem problem, List<Batch> batches) {
    BatchShape shape = problem.shape();
    double stored = problem.storage().bytes();
    double unique =
        batches.stream().mapToInt(batch -> batch.groups().uniqueRows()).average().orElse(0);
    return new Bytes(
        4.0 * shape.count(),
        shape.bags() ? 4.0 * (shape.batchSize() + 1) : 0,
        stored * shape.count() * shape.embeddingDim(),
        stored * shape.outElements(),
        4.0 * shape.outElements(),
        stored * unique * shape.embeddingDim(),
        4.0 * unique * shape.embeddingDim(),
        4.0 * unique,
        stored * shape.positionElements(),
        4.0 * shape.positionElements(),
        4.0 * shape.tableElements());
  }
}
