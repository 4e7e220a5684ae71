package dev.embedcl.checkpoint;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.optim.Adagrad;
import dev.embedcl.optim.AdagradOptions;
import dev.embedcl.optim.Adam;
import dev.embedcl.optim.AdamOptions;
import dev.embedcl.optim.AdamW;
import dev.embedcl.optim.LearningRateSchedule;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.RowwiseAdagrad;
import dev.embedcl.optim.Sgd;
import dev.embedcl.optim.SgdOptions;
import dev.embedcl.optim.SparseAdam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;

/** A model in training: everything that a checkpoint is to bring back. */
final class CheckpointRun implements AutoCloseable {
  static final int ROWS = 23;
  static final int DIM = 5;
  static final int STEPS = 20;

  static final LearningRateSchedule SCHEDULE =
      LearningRateSchedule.cosine(0.1, 0.01, 2 * STEPS).warmedUp(5);

  static final Map<String, Supplier<Optimizer>> OPTIMIZERS =
      Map.of(
          "Sgd", () -> new Sgd(0.1),
          "momentum",
              () -> new Sgd(SgdOptions.of(0.1).withMomentum(0.9).withNesterov(true), none()),
          "Adagrad", () -> new Adagrad(AdagradOptions.of(0.1).withInitialAccumulatorValue(0.5)),
          "RowwiseAdagrad", () -> new RowwiseAdagrad(0.1),
          "SparseAdam", () -> new SparseAdam(AdamOptions.of(0.1)),
          "Adam", () -> new Adam(AdamOptions.of(0.1).withWeightDecay(0.1)),
          "AdamW", () -> new AdamW(AdamOptions.of(0.1).withWeightDecay(0.1)));

  final InputEmbedding layer;
  final Optimizer optimizer;
  final TorchGenerator generator = new TorchGenerator(3);
  final Checkpoint checkpoint;

  /** Starts a run with one of the {@link #OPTIMIZERS}. */
  CheckpointRun(Backend backend, String optimizer, long seed) {
    this.layer =
        InputEmbedding.builder(backend)
            .numEmbeddings(ROWS)
            .embeddingDim(DIM)
            .maxLength(6)
            .seed(seed)
            .paddingIdx(1)
            .build();
    this.optimizer = optimizer(optimizer);
    this.checkpoint = new Checkpoint().layer(layer).optimizer(this.optimizer).generator(generator);
  }

  /** Takes the steps from {@code first} on, whose batches the generator draws. */
  void train(int first, int end) {
    for (int step = first; step < end; step++) {
      int[] ids = new int[12];
      Arrays.setAll(ids, _ -> Integer.remainderUnsigned(generator.nextInt(), ROWS));
      Random random = new Random(generator.nextInt());
      optimizer.learningRate(SCHEDULE.at(step));
      layer.forward(ids, 3, 4);
      try (HostTensor gradOutput =
          HostTensor.of(
              Shape.of(3, 4, DIM), ReferenceModel.randomFloats(random, ids.length * DIM))) {
        optimizer.step(layer, gradOutput);
      }
    }
  }

  List<float[]> weights() {
    List<float[]> all = new ArrayList<>();
    for (Parameter parameter : layer.parameters()) {
      try (HostTensor host = parameter.toHost()) {
        all.add(host.toFloatArray());
      }
    }
    return all;
  }

  @Override
  public void close() {
    optimizer.close();
    layer.close();
  }

  /** Returns a new one of the {@link #OPTIMIZERS}. */
  static Optimizer optimizer(String name) {
    return Objects.requireNonNull(OPTIMIZERS.get(name)).get();
  }

  private static List<Parameter> none() {
    return List.of();
  }
}
