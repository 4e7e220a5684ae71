package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.nn.IndexBatch;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The measurements of {@code bench}: through the layers, as a program calls them, from ids on the
 * host to results that the device has finished.
 */
final class BenchRun {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long SEED = 123;

  private final Backend backend;
  private final BenchRequest request;
  private final BenchTimer timer;
  private final List<BenchRow> rows = new ArrayList<>();

  private BenchRun(Backend backend, BenchRequest request) {
    this.backend = backend;
    this.request = request;
    this.timer = new BenchTimer(request.secondsPerRow());
  }

  /** Measures everything; the first row is the copy. */
  static List<BenchRow> measure(Backend backend, BenchRequest request) {
    BenchRun run = new BenchRun(backend, request);
    run.run();
    return run.rows;
  }

  private void run() {
    // Room must be left for the tables.
    DeviceInfo device = backend.device();
    long copyBytes =
        Math.min(
            request.copyBytes(), Math.min(device.memoryBytes() / 8, device.maxAllocationBytes()));
    BenchRow before = BenchCopy.measure(backend, copyBytes, timer);
    try (InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(request.numEmbeddings())
                .embeddingDim(request.embeddingDim())
                .maxLength(request.seqLen())
                .seed(SEED)
                .build();
        DeviceBuffer out = backend.allocate(DType.FLOAT32, request.outputBytes() / Float.BYTES)) {
      for (BenchIds ids : BenchIds.values()) {
        measure(layer, out, ids);
      }
    }
    // Other programs slow it down, nothing speeds it up: the faster one is the machine's.
    BenchRow after = BenchCopy.measure(backend, copyBytes, timer);
    rows.addFirst(before.nanos() < after.nanos() ? before : after);
  }

  /** Measures with one kind of ids; the output also serves as its own gradient. */
  private void measure(InputEmbedding layer, DeviceBuffer out, BenchIds kind) {
    int batchSize = request.batchSize();
    int seqLen = request.seqLen();
    int[][] sets = kind.draw(request.count(), request.numEmbeddings());
    IndexBatch[] batches = new IndexBatch[sets.length];
    for (int i = 0; i < sets.length; i++) {
      batches[i] = IndexBatch.of(sets[i], batchSize, seqLen);
    }
    layer.forwardInto(batches[0], out);
    backend.synchronize();
    check(layer, sets[0], out);
    long idBytes = (long) request.count() * Integer.BYTES;
    long output = request.outputBytes();
    long rowBytes = (long) request.embeddingDim() * Float.BYTES;
    long positions = seqLen * rowBytes;
    long touched = BenchIds.uniqueRows(sets) * rowBytes;
    long forward = idBytes + Math.min(touched, output) + positions + output;
    long change = idBytes + output + 2 * touched + 2 * positions;
    Sgd sgd = new Sgd(1e-6);
    add("forward", kind, forward, i -> layer.forwardInto(batches[i % sets.length], out));
    add("backward", kind, change, _ -> layer.backward(out));
    add("SGD step", kind, change, _ -> sgd.step(layer, out));
    add(
        "forward, SGD step",
        kind,
        forward + change,
        i -> {
          layer.forwardInto(batches[i % sets.length], out);
          sgd.step(layer, out);
        });
    layer.zeroGrad();
  }

  private void add(String operation, BenchIds ids, long bytes, BenchTimer.Call call) {
    rows.add(
        new BenchRow(operation, ids.toString(), bytes, timer.median(call, backend::synchronize)));
  }

  /** What is timed has to be right: every element is one addition, with one result. */
  private void check(InputEmbedding layer, int[] ids, DeviceBuffer out) {
    int dim = request.embeddingDim();
    Parameter tokens = layer.tokens().weight();
    Parameter positions = layer.positions().orElseThrow().weight();
    try (Mapping weight = tokens.matrix().buffer().map(MapMode.READ);
        Mapping added = positions.matrix().buffer().map(MapMode.READ);
        Mapping result = out.map(MapMode.READ)) {
      for (int n = 0; n < ids.length; n++) {
        for (int d = 0; d < dim; d++) {
          float expected =
              at(weight.segment(), (long) ids[n] * dim + d)
                  + at(added.segment(), (long) (n % request.seqLen()) * dim + d);
          float actual = at(result.segment(), (long) n * dim + d);
          if (Float.floatToRawIntBits(actual) != Float.floatToRawIntBits(expected)) {
            throw new CommandFailure(
                backend.device().name()
                    + ": computes wrong results (vector "
                    + n
                    + ", column "
                    + d
                    + ": "
                    + actual
                    + " instead of "
                    + expected
                    + "): update its driver, or use --device cpu");
          }
        }
      }
    }
  }

  private static float at(MemorySegment segment, long index) {
    return segment.get(FLOAT, index * Float.BYTES);
  }
}
