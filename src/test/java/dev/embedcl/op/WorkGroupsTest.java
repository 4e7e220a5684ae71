package dev.embedcl.op;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.GpuWorkGroups;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import java.util.SplittableRandom;

/**
 * Each kind of kernel once in the work-groups of a GPU, beside those that {@link DeterminismTest}
 * has: many of their work-items find neither a column nor a row.
 */
@GpuWorkGroups
final class WorkGroupsTest {
  /** Columns that work-groups leave over, one by one and by vectors. */
  private static final int[] DIMENSIONS = {37, 260};

  @EveryBackend
  void everyKernelTakesWorkGroupsThatAreTooLarge(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : DIMENSIONS) {
      TestBatch batch = TestBatch.uniform(TestBatch.SEED, 3, 7, 1, 30, dim);
      OclgrindCasesTest.checkAtomic(device, batch);
      OclgrindCasesTest.checkNormsAndScale(device, dim, 2);
      EmbeddingRenormTest.check(device, batch, 2, 4);
      UpdateCase update = dim == 37 ? UpdateCase.ADAGRAD : UpdateCase.MOMENTUM;
      RowUpdateTest.check(device, random, batch, update);
      RowUpdateTest.check(device, random, batch, UpdateCase.ROWWISE_ADAGRAD);
      BagCase bags = BagCase.of(random, 30, dim, new int[] {3, 0, 70}, 1, 2);
      EmbeddingBagForwardTest.check(device, bags);
      EmbeddingBagBackwardTest.checkSampleWeights(device, bags);
      QuantizedForwardTest.checkForward(device, random, dim, 3, 3, DType.FLOAT32, DType.FLOAT32);
    }
  }
}
