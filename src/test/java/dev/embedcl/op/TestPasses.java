package dev.embedcl.op;

import dev.embedcl.backend.Backend;
import org.jspecify.annotations.Nullable;

/** Passes over both tables of a layer, as the tests of several operations take them. */
final class TestPasses {

  private TestPasses() {}

  /** Adds the gradient of a batch to those of the tables. */
  static void backward(
      Backend backend,
      Matrix gradOutput,
      IndexGroups groups,
      Matrix gradWeight,
      @Nullable Positions gradPositions,
      int batchSize,
      int seqLen) {
    backend.execute(new EmbeddingUpdate(gradOutput, groups, new AccumulateUpdate(gradWeight)));
    if (gradPositions != null) {
      backend.execute(
          new PositionUpdate(
              gradOutput,
              new AccumulateUpdate(gradPositions.table()),
              gradPositions.start(),
              batchSize,
              seqLen));
    }
  }

  /** Moves the tables by the gradient of a batch. */
  static void sgd(
      Backend backend,
      Matrix gradOutput,
      IndexGroups groups,
      Matrix weight,
      @Nullable Positions positions,
      int batchSize,
      int seqLen,
      float learningRate) {
    backend.execute(new EmbeddingUpdate(gradOutput, groups, SgdUpdate.plain(weight, learningRate)));
    if (positions != null) {
      backend.execute(
          new PositionUpdate(
              gradOutput,
              SgdUpdate.plain(positions.table(), learningRate),
              positions.start(),
              batchSize,
              seqLen));
    }
  }
}
