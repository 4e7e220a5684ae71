package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.BagBatch;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.EmbeddingBagBuilder;
import dev.embedcl.nn.IndexBatch;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.InputEmbeddingBuilder;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.nn.SparseGradient;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;

/**
 * Short runs with every option and optimizer in random combinations: each backend has to give the
 * bits of pure Java on one thread, whose loops the other tests compare with references.
 */
final class OptionsDeterminismTest {
  /** {@code -Dembedcl.test.seed=…}, or another one each time. */
  private static final long SEED = Long.getLong("embedcl.test.seed", System.nanoTime());

  /** {@code -Dembedcl.test.cases} takes more of them. */
  private static final int CASES = Integer.getInteger("embedcl.test.cases", 24);

  private static final DType[] STORAGES = {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16};
  private static final double[] NORM_TYPES = {2, 1, Double.POSITIVE_INFINITY, 2.5};

  @EveryBackend
  void everyCombinationGivesTheSameBitsEverywhere(TestBackend device) {
    compare(device, OptionsDeterminismTest::run);
  }

  @EveryBackend
  void everyCombinationOfBagsGivesTheSameBitsEverywhere(TestBackend device) {
    compare(device, OptionsDeterminismTest::runBags);
  }

  private static void compare(
      TestBackend device, BiFunction<Backend, Random, List<float[]>> training) {
    System.out.println("random tests use -Dembedcl.test.seed=" + SEED);
    try (CpuBackend cpu = CpuBackend.builder().threads(1).vectorized(false).build()) {
      for (int i = 0; i < CASES; i++) {
        List<float[]> expected = training.apply(cpu, new Random(SEED + i));
        List<float[]> actual = training.apply(device.shared(), new Random(SEED + i));
        for (int part = 0; part < expected.size(); part++) {
          assertThat(actual.get(part))
              .as("part %d of case %d, -Dembedcl.test.seed=%d", part, i, SEED)
              .isEqualTo(expected.get(part));
        }
      }
    }
  }

  private static List<float[]> run(Backend backend, Random random) {
    int rows = 1 + random.nextInt(60);
    int dim = 1 + random.nextInt(40);
    boolean clamped = random.nextBoolean();
    boolean fused = random.nextInt(3) > 0;
    boolean onDevice = random.nextBoolean();
    List<float[]> results = new ArrayList<>();
    try (InputEmbedding layer = layer(backend, random, rows, dim, clamped);
        Optimizer optimizer = optimizer(random, layer.parameters())) {
      for (int step = 0; step < 3; step++) {
        int batchSize = 1 + random.nextInt(20);
        int[] ids = ReferenceModel.randomIds(random, batchSize * 7, rows);
        if (clamped) {
          ids[random.nextInt(ids.length)] = rows + random.nextInt(9);
          ids[random.nextInt(ids.length)] = -1;
        }
        float[] gradient = ReferenceModel.randomFloats(random, ids.length * dim);
        try (DeviceBuffer idsOnDevice = backend.allocate(DType.INT32, ids.length);
            HostTensor gradOutput = HostTensor.of(Shape.of(batchSize, 7, dim), gradient)) {
          idsOnDevice.write(MemorySegment.ofArray(ids));
          IndexBatch batch =
              onDevice
                  ? IndexBatch.onDevice(idsOnDevice, batchSize, 7)
                  : IndexBatch.of(ids, batchSize, 7);
          results.add(floats(layer.forward(batch).toHost()));
          if (fused) {
            optimizer.step(layer, gradOutput);
          } else {
            optimizer.zeroGrad();
            layer.backward(gradOutput);
            optimizer.step();
          }
        }
      }
      for (Parameter parameter : layer.parameters()) {
        results.add(floats(parameter.toHost()));
      }
      results.add(new float[] {(float) optimizer.lastGradNorm()});
      backend.synchronize();
      return results;
    }
  }

  private static List<float[]> runBags(Backend backend, Random random) {
    final int rows = 1 + random.nextInt(60);
    final int dim = 1 + random.nextInt(40);
    final boolean clamped = random.nextBoolean();
    final boolean fused = random.nextInt(3) > 0;
    final boolean onDevice = random.nextBoolean();
    // The mean's division is not rounded alike everywhere.
    final BagMode mode = random.nextBoolean() ? BagMode.MAX : BagMode.SUM;
    final boolean weighted = mode == BagMode.SUM && random.nextBoolean();
    List<float[]> results = new ArrayList<>();
    try (EmbeddingBag layer = bags(backend, random, rows, dim, clamped, mode);
        Optimizer optimizer = optimizer(random, layer.parameters())) {
      for (int step = 0; step < 3; step++) {
        int count = 1 + random.nextInt(90);
        int[] ids = ReferenceModel.randomIds(random, count, rows);
        if (clamped) {
          ids[random.nextInt(count)] = rows + random.nextInt(9);
          ids[random.nextInt(count)] = -1;
        }
        int[] offsets = random.ints(9, 0, count + 1).sorted().toArray();
        offsets[0] = 0;
        int size = (layer.includeLastOffset() ? 8 : 9) * dim;
        try (DeviceBuffer idsOnDevice = backend.allocate(DType.INT32, count);
            DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, size)) {
          idsOnDevice.write(MemorySegment.ofArray(ids));
          gradOutput.write(MemorySegment.ofArray(ReferenceModel.randomFloats(random, size)));
          BagBatch batch =
              BagBatch.of(
                  onDevice
                      ? IndexBatch.onDevice(idsOnDevice, 1, count)
                      : IndexBatch.of(ids, 1, count),
                  offsets);
          if (weighted) {
            batch = batch.weighted(ReferenceModel.randomFloats(random, count));
          }
          results.add(floats(layer.forward(batch).toHost()));
          if (weighted) {
            results.add(layer.perSampleWeightsGradient(gradOutput));
          }
          try (SparseGradient sparse = layer.sparseGradient(gradOutput)) {
            results.add(floats(sparse.valuesToHost()));
          }
          if (fused) {
            optimizer.step(layer, gradOutput);
          } else {
            optimizer.zeroGrad();
            layer.backward(gradOutput);
            optimizer.step();
          }
        }
      }
      results.add(floats(layer.weight().toHost()));
      results.add(new float[] {(float) optimizer.lastGradNorm()});
      backend.synchronize();
      return results;
    }
  }

  private static EmbeddingBag bags(
      Backend backend, Random random, int rows, int dim, boolean clamped, BagMode mode) {
    DType storage = STORAGES[random.nextInt(STORAGES.length)];
    EmbeddingBagBuilder builder =
        EmbeddingBag.builder(backend)
            .numEmbeddings(rows)
            .embeddingDim(dim)
            .seed(random.nextInt())
            .dtype(storage)
            .outputDtype(random.nextBoolean() ? storage : DType.FLOAT32)
            .mode(mode)
            .includeLastOffset(random.nextBoolean())
            .scaleGradByFreq(random.nextBoolean())
            .frozen(random.nextInt(5) == 0);
    if (random.nextBoolean()) {
      builder.paddingIdx(random.nextInt(rows));
    }
    if (random.nextInt(3) > 0) {
      builder
          .maxNorm(0.1 + random.nextDouble() * 5)
          .normType(NORM_TYPES[random.nextInt(NORM_TYPES.length)]);
    }
    if (clamped) {
      builder.clampOutOfRangeTo(random.nextInt(rows));
    }
    return builder.build();
  }

  private static InputEmbedding layer(
      Backend backend, Random random, int rows, int dim, boolean clamped) {
    InputEmbeddingBuilder builder =
        InputEmbedding.builder(backend)
            .numEmbeddings(rows)
            .embeddingDim(dim)
            .maxLength(9)
            .seed(random.nextInt())
            .dtype(STORAGES[random.nextInt(STORAGES.length)])
            .scaleGradByFreq(random.nextBoolean())
            .frozenTokens(random.nextInt(5) == 0);
    if (random.nextBoolean()) {
      builder.paddingIdx(random.nextInt(rows));
    }
    if (random.nextInt(3) > 0) {
      builder
          .maxNorm(0.1 + random.nextDouble() * 5)
          .normType(NORM_TYPES[random.nextInt(NORM_TYPES.length)]);
    }
    if (clamped) {
      builder.clampOutOfRangeTo(random.nextInt(rows));
    }
    return builder.build();
  }

  private static Optimizer optimizer(Random random, List<Parameter> parameters) {
    AdamOptions adam = AdamOptions.of(0.1);
    Optimizer optimizer =
        switch (random.nextInt(7)) {
          case 0 -> new Sgd(0.1, parameters);
          case 1 -> new Sgd(SgdOptions.of(0.1).withMomentum(0.9).withNesterov(true), parameters);
          case 2 -> new Adagrad(AdagradOptions.of(0.1).withWeightDecay(0.1), parameters);
          case 3 -> new RowwiseAdagrad(0.1, 1e-8, parameters);
          case 4 -> new SparseAdam(adam, parameters);
          case 5 -> new Adam(adam.withWeightDecay(0.1), parameters);
          default -> new AdamW(adam.withWeightDecay(0.1), parameters);
        };
    if (random.nextBoolean()) {
      optimizer.rounding(Rounding.stochastic(random.nextLong()));
    }
    if (random.nextBoolean()) {
      optimizer.maxGradNorm(random.nextDouble() * 3, NORM_TYPES[random.nextInt(3)]);
    }
    return optimizer;
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor;
        HostTensor wide = tensor.to(DType.FLOAT32)) {
      return wide.toFloatArray();
    }
  }
}
