package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.GpuWorkGroups;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A thousand random cases, the same for every backend, of which each backend has to give every bit
 * of the one expected result: whatever its kind of device, its number of threads and its loops.
 */
@GpuWorkGroups
final class DeterminismTest {
  private static final int CASES = 1000;

  /** Every so many cases one row is hit 10,000 times. */
  private static final int HOT_EVERY = 100;

  @EveryBackend
  void everyBackendGivesTheSameBits(TestBackend device) {
    for (int i = 0; i < CASES; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      check(device.shared(), i % HOT_EVERY == HOT_EVERY - 1 ? hot(random) : ordinary(random));
    }
  }

  private static TestBatch ordinary(SplittableRandom random) {
    int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 20 : 400);
    int batchSize = random.nextInt(random.nextInt(8) == 0 ? 150 : 6);
    int seqLen = random.nextInt(batchSize > 10 ? 5 : 50);
    int dim = random.nextInt(50) == 0 ? 768 : 1 + random.nextInt(300);
    int count = batchSize * seqLen;
    int[] ids =
        random.nextBoolean()
            ? TestBatch.zipf(random, count, numEmbeddings)
            : random.ints(count, 0, numEmbeddings).toArray();
    return TestBatch.of(random, batchSize, seqLen, random.nextInt(4), numEmbeddings, dim, ids);
  }

  private static TestBatch hot(SplittableRandom random) {
    int dim = 1 + random.nextInt(100);
    int[] ids = TestBatch.hotRow(random, 10_240, 50, random.nextInt(50), 10_000);
    return TestBatch.of(random, 20, 512, 1, 50, dim, ids);
  }

  private static void check(Backend backend, TestBatch batch) {
    int dim = batch.embeddingDim();
    int batchSize = batch.batchSize();
    int seqLen = batch.seqLen();
    float rate = 0.1f;
    Map<Integer, float[]> sums = OperationReference.sums(batch, OperationReference.byId(batch));
    Map<Integer, float[]> positionSums =
        OperationReference.sums(batch, OperationReference.byPosition(batch));
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix weight = memory.matrix(dim, batch.weight());
      Matrix table = memory.matrix(dim, batch.positions());
      Matrix gradOutput = memory.matrix(dim, batch.gradOutput());
      Matrix gradWeight = memory.matrix(dim, batch.weight());
      Matrix gradTable = memory.matrix(dim, batch.positions());
      Matrix out = memory.matrix(dim, new float[batch.count() * dim]);
      DeviceBuffer ids = memory.ids(batch.ids());
      Positions positions = new Positions(table, batch.start());
      IndexGroups groups = IndexGroups.of(batch.ids(), batch.numEmbeddings());

      backend.execute(new EmbeddingForward(weight, ids, positions, out, batchSize, seqLen));
      TestPasses.backward(
          backend,
          gradOutput,
          groups,
          gradWeight,
          new Positions(gradTable, batch.start()),
          batchSize,
          seqLen);
      TestPasses.sgd(backend, gradOutput, groups, weight, positions, batchSize, seqLen, rate);

      assertSameBits(memory.read(out), OperationReference.forward(batch, true), dim, batch);
      assertSameBits(
          memory.read(gradWeight), OperationReference.added(batch.weight(), sums), dim, batch);
      assertSameBits(
          memory.read(gradTable),
          OperationReference.added(batch.positions(), positionSums),
          dim,
          batch);
      assertSameBits(
          memory.read(weight), OperationReference.stepped(batch.weight(), sums, rate), dim, batch);
      assertSameBits(
          memory.read(table),
          OperationReference.stepped(batch.positions(), positionSums, rate),
          dim,
          batch);
      backend.synchronize();
    }
  }
}
