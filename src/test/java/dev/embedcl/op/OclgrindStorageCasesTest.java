package dev.embedcl.op;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;

/**
 * The cases of {@link OclgrindCasesTest} for tables of 16 and of 8 bits. They have a tag of their
 * own because Oclgrind is run on them without counting instructions, which breaks its memory on
 * these kernels.
 */
@Tag("oclgrind-storage")
final class OclgrindStorageCasesTest {

  @EveryBackend
  void tablesOf16Bits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : new int[] {3, 8, 33}) {
      for (StorageCase storage : StorageCase.values()) {
        OclgrindCasesTest.mark(device, "tables of " + storage);
        StorageTest.checkForward(device, storage.type(), storage.type(), storage.type(), dim, 5, 2);
        if (storage != StorageCase.FLOAT32) {
          StorageTest.checkForward(device, storage.type(), DType.FLOAT32, DType.FLOAT32, dim, 5, 2);
          TestBatch batch = TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim);
          for (UpdateCase update : List.of(UpdateCase.MOMENTUM, UpdateCase.ROWWISE_ADAGRAD)) {
            RowUpdateTest.check(device, random, batch, update, 2, true, storage);
          }
        }
      }
    }
  }

  @EveryBackend
  void normsAndBagsOf16Bits(TestBackend device) {
    OclgrindCasesTest.mark(
        device, "EmbeddingRenorm, EmbeddingBagForward, PerSampleWeightsGradient of 16 bits");
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
      for (int dim : new int[] {3, 8, 33}) {
        for (double normType : EmbeddingRenormTest.NORM_TYPES) {
          TestBatch batch = TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim);
          EmbeddingRenormTest.check(device, batch, type, normType, 2);
        }
        BagCase bags = BagCase.of(random, 4, dim, new int[] {3, 0, 6, 66}, 1, 2);
        EmbeddingBagForwardTest.checkStored(device, bags, type, type);
        EmbeddingBagForwardTest.checkStored(device, bags, type, DType.FLOAT32);
        EmbeddingBagBackwardTest.checkSampleWeights(device, bags, type);
      }
    }
  }

  @EveryBackend
  void quantisedRows(TestBackend device) {
    OclgrindCasesTest.mark(device, "EmbeddingForward and EmbeddingBagForward of quantised rows");
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : new int[] {3, 8, 16, 33}) {
      QuantizedForwardTest.checkForward(device, random, dim, 5, 2, DType.FLOAT32, DType.FLOAT32);
      for (BagMode mode : BagMode.values()) {
        BagCase bags = QuantizedForwardTest.bags(random, dim);
        QuantizedForwardTest.checkBags(device, bags, mode, mode == BagMode.SUM, DType.FLOAT32);
      }
    }
  }
}
