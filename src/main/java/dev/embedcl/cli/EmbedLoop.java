package dev.embedcl.cli;

import dev.embedcl.cli.EmbedSummary.FirstVector;
import dev.embedcl.cli.StageClock.Stage;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.nn.Activation;
import dev.embedcl.nn.IndexBatch;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.text.Epoch;
import dev.embedcl.text.Gpt2Tokenizer;
import dev.embedcl.text.SlidingWindows;
import dev.embedcl.text.TokenBatch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes all windows of a text through the layer, batch by batch. */
final class EmbedLoop {
  private static final int FIRST_VECTORS = 3;
  private static final int FIRST_VALUES = 6;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final InputEmbedding layer;
  private final SlidingWindows windows;
  private final Gpt2Tokenizer tokenizer;
  private final Progress.Display display;
  private final StageClock clock;
  private final List<FirstVector> firstVectors = new ArrayList<>();
  private long nanos;

  EmbedLoop(
      InputEmbedding layer,
      SlidingWindows windows,
      Gpt2Tokenizer tokenizer,
      Progress.Display display,
      StageClock clock) {
    this.layer = layer;
    this.windows = windows;
    this.tokenizer = tokenizer;
    this.display = display;
    this.clock = clock;
  }

  /** Embeds all windows and writes them to {@code file}, which is left unfinished. */
  void run(Optional<EmbeddingFile> file) throws IOException {
    Epoch epoch = windows.epoch(0);
    TokenBatch batch = windows.newBatch();
    // Once untimed: a driver compiles kernels when they first run, which says nothing of the speed.
    epoch.read(0, batch);
    layer.forward(indices(batch));
    layer.backend().synchronize();
    clock.ends(Stage.DEVICE);
    long start = System.nanoTime();
    WideIds inputIds = new WideIds(batch.inputIds().length);
    WideIds targetIds = new WideIds(batch.targetIds().length);
    try (Progress progress = display.start("embedding", "windows", 1, windows.count())) {
      long done = 0;
      for (long number = 0; number < epoch.batches(); number++) {
        epoch.read(number, batch);
        clock.ends(Stage.WINDOWS);
        int count = batch.batchSize() * batch.seqLen();
        Activation vectors = layer.forward(indices(batch));
        if (file.isPresent()) {
          // Widened while the device computes.
          MemorySegment inputs = inputIds.of(batch.inputIds(), count);
          MemorySegment targets = targetIds.of(batch.targetIds(), count);
          try (Mapping mapping = mapped(vectors)) {
            clock.ends(Stage.KERNEL);
            file.get().write(inputs, targets, contents(mapping, vectors));
            clock.ends(Stage.FILE);
          }
        } else if (number == 0) {
          readFirstVectors(batch, vectors);
        }
        clock.ends(Stage.KERNEL);
        done += batch.batchSize();
        progress.stepTo(done);
      }
      layer.backend().synchronize();
      clock.ends(Stage.KERNEL);
    }
    nanos = System.nanoTime() - start;
  }

  /** Returns how long the run took. */
  long nanos() {
    return nanos;
  }

  /** Returns the start of the result, if it was not written to a file. */
  List<FirstVector> firstVectors() {
    return List.copyOf(firstVectors);
  }

  private static IndexBatch indices(TokenBatch batch) {
    long bytes = (long) batch.batchSize() * batch.seqLen() * Integer.BYTES;
    return IndexBatch.of(
        DType.INT32,
        MemorySegment.ofArray(batch.inputIds()).asSlice(0, bytes),
        batch.batchSize(),
        batch.seqLen());
  }

  private Mapping mapped(Activation vectors) {
    return vectors.buffer().map(MapMode.READ);
  }

  /** Returns the batch's vectors; the buffer behind them may be larger. */
  private static MemorySegment contents(Mapping mapping, Activation vectors) {
    return mapping.segment().asSlice(0, vectors.shape().elements() * Float.BYTES);
  }

  private void readFirstVectors(TokenBatch batch, Activation vectors) {
    int count = Math.min(FIRST_VECTORS, batch.batchSize() * batch.seqLen());
    int values = Math.min(FIRST_VALUES, layer.embeddingDim());
    try (Mapping mapping = mapped(vectors)) {
      for (int i = 0; i < count; i++) {
        List<Float> first = new ArrayList<>();
        long start = (long) i * layer.embeddingDim();
        for (int d = 0; d < values; d++) {
          first.add(mapping.segment().getAtIndex(FLOAT, start + d));
        }
        int id = batch.inputIds()[i];
        firstVectors.add(new FirstVector(tokenizer.decode(id), id, first));
      }
    }
  }

  /** Ids as 64-bit numbers, which is what PyTorch takes and files hold. */
  private static final class WideIds {
    private final MemorySegment longs;

    WideIds(int capacity) {
      longs = MemorySegment.ofArray(new long[capacity]);
    }

    MemorySegment of(int[] ids, int count) {
      for (int i = 0; i < count; i++) {
        longs.setAtIndex(LONG, i, ids[i]);
      }
      return longs.asSlice(0, (long) count * Long.BYTES);
    }
  }
}
