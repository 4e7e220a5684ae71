package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.TestOpenClBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Activation;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.TokenEmbedding;
import dev.embedcl.op.BagMode;
import dev.embedcl.opencl.OpenClTestDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Threads that train on one device, each with ids of its own at each step. Tables, gradients and
 * weights are whole numbers, so that a single id, offset or weight of another step or thread gives
 * another result.
 */
final class ConcurrentStepsTest {
  private static final int ROWS = 500;
  private static final int DIM = 16;
  private static final int MOST_IDS = 2_000;
  private static final int STEPS = 120;
  private static final int STEPS_BETWEEN_LOOKS = 10;

  /** On one queue, and with the larger inputs uploaded on another. */
  @ParameterizedTest
  @ValueSource(longs = {LaunchProfile.NEVER, 4096})
  void everyStepTakesItsOwnIds(long asideBytes) throws Exception {
    try (OpenClBackend backend = OpenClBackend.open(OpenClTestDevice.require());
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      TestOpenClBackends.uploadAside(backend, asideBytes);
      List<Future<?>> runs = new ArrayList<>();
      for (int seed = 0; seed < 4; seed++) {
        Random random = new Random(seed);
        boolean bags = seed % 2 == 1;
        runs.add(
            threads.submit(() -> {
              if (bags) {
                trainBags(backend, random);
              } else {
                trainTokens(backend, random);
              }
            }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
  }

  private static void trainTokens(Backend backend, Random random) {
    float[] expected = table();
    try (HostTensor weight = HostTensor.of(Shape.of(ROWS, DIM), expected);
        TokenEmbedding layer = TokenEmbedding.fromPretrained(backend, weight);
        DeviceBuffer gradOutput = gradient(backend)) {
      layer.weight().requiresGrad(true);
      Sgd sgd = new Sgd(1);
      for (int step = 0; step < STEPS; step++) {
        int[] ids = random.ints(1 + random.nextInt(MOST_IDS), 0, ROWS).toArray();
        Activation out = layer.forward(ids, 1, ids.length);
        if (step % STEPS_BETWEEN_LOOKS == 0) {
          float[] looked = new float[ids.length * DIM];
          for (int i = 0; i < looked.length; i++) {
            looked[i] = expected[ids[i / DIM] * DIM + i % DIM];
          }
          assertOutput(out, looked);
        }
        sgd.step(layer, gradOutput);
        for (int i = 0; i < ids.length * DIM; i++) {
          expected[ids[i / DIM] * DIM + i % DIM] -= gradient(i / DIM);
        }
      }
      assertEqual(layer.weight().toHost().toFloatArray(), expected);
    }
  }

  private static void trainBags(Backend backend, Random random) {
    float[] expected = table();
    try (HostTensor weight = HostTensor.of(Shape.of(ROWS, DIM), expected);
        EmbeddingBag layer = EmbeddingBag.fromPretrained(backend, weight, BagMode.SUM);
        DeviceBuffer gradOutput = gradient(backend)) {
      layer.weight().requiresGrad(true);
      Sgd sgd = new Sgd(1);
      for (int step = 0; step < STEPS; step++) {
        int bags = 1 + random.nextInt(MOST_IDS / 2);
        int[] ids = random.ints(MOST_IDS, 0, ROWS).toArray();
        int[] offsets = random.ints(bags, 0, MOST_IDS + 1).sorted().toArray();
        offsets[0] = 0;
        float[] weights = new float[MOST_IDS];
        for (int i = 0; i < MOST_IDS; i++) {
          weights[i] = 1 + random.nextInt(3);
        }
        float[] given = weights.clone();
        Activation out = layer.forward(ids, offsets, given);
        Arrays.fill(given, 0); // it is the caller's again
        if (step % STEPS_BETWEEN_LOOKS == 0) {
          float[] looked = new float[bags * DIM];
          forEach(
              offsets,
              (bag, i) -> {
                for (int d = 0; d < DIM; d++) {
                  looked[bag * DIM + d] += weights[i] * expected[ids[i] * DIM + d];
                }
              });
          assertOutput(out, looked);
        }
        sgd.step(layer, gradOutput);
        forEach(
            offsets,
            (bag, i) -> {
              for (int d = 0; d < DIM; d++) {
                expected[ids[i] * DIM + d] -= weights[i] * gradient(bag);
              }
            });
      }
      assertEqual(layer.weight().toHost().toFloatArray(), expected);
    }
  }

  @FunctionalInterface
  private interface Contribution {
    void take(int bag, int position);
  }

  private static void forEach(int[] offsets, Contribution contribution) {
    for (int bag = 0; bag < offsets.length; bag++) {
      int end = bag + 1 < offsets.length ? offsets[bag + 1] : MOST_IDS;
      for (int i = offsets[bag]; i < end; i++) {
        contribution.take(bag, i);
      }
    }
  }

  private static void assertOutput(Activation out, float[] expected) {
    float[] actual = new float[expected.length];
    out.buffer().read(MemorySegment.ofArray(actual));
    assertEqual(actual, expected);
  }

  private static void assertEqual(float[] actual, float[] expected) {
    assertThat(Arrays.mismatch(actual, expected)).as("first wrong element").isEqualTo(-1);
  }

  private static float[] table() {
    float[] values = new float[ROWS * DIM];
    for (int i = 0; i < values.length; i++) {
      int row = i / DIM;
      values[i] = row;
    }
    return values;
  }

  private static DeviceBuffer gradient(Backend backend) {
    float[] values = new float[MOST_IDS * DIM];
    for (int i = 0; i < values.length; i++) {
      values[i] = gradient(i / DIM);
    }
    DeviceBuffer buffer = backend.allocate(DType.FLOAT32, values.length);
    buffer.write(MemorySegment.ofArray(values));
    return buffer;
  }

  private static float gradient(int row) {
    return row % 5 - 2;
  }
}
