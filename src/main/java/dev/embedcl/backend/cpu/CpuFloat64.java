package dev.embedcl.backend.cpu;

import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexClamp;
import dev.embedcl.op.MatrixScale;
import dev.embedcl.op.Operation;
import dev.embedcl.op.PerSampleWeightsGradient;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.RowNorms;

/**
 * Executes operations on float64, for checks of gradients: on the caller's thread, in loops that
 * are plain to read and share no arithmetic with those for float32.
 */
final class CpuFloat64 {
  private final CpuFloat64Tables tables;
  private final CpuFloat64Bags bags;
  private final CpuFloat64Gradients gradients;

  CpuFloat64(CpuBackend backend, CpuStatus status) {
    tables = new CpuFloat64Tables(backend, status);
    bags = new CpuFloat64Bags(backend, status);
    gradients = new CpuFloat64Gradients(backend, status);
  }

  void execute(Operation operation) {
    switch (operation) {
      case EmbeddingForward forward -> tables.forward(forward);
      case EmbeddingRenorm renorm -> tables.renorm(renorm);
      case EmbeddingBagForward forward -> bags.forward(forward);
      case PerSampleWeightsGradient gradient -> bags.sampleWeightsGradient(gradient);
      case EmbeddingUpdate update -> gradients.update(update);
      case PositionUpdate update -> gradients.update(update);
      case DenseUpdate update -> gradients.update(update);
      case CoalescedGradient gradient -> gradients.coalesce(gradient);
      case EmbeddingBackwardAtomic backward -> gradients.backward(backward);
      case IndexClamp _, RowNorms _, MatrixScale _ ->
          throw new IllegalArgumentException(
              operation + " is none of float64; build it of matrices of FLOAT32");
    }
  }
}
