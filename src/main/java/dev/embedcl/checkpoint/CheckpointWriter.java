package dev.embedcl.checkpoint;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsWriter;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Parameter;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.OptimizerState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes a {@link Checkpoint}: checksums are made while the data passes, and put in last. */
final class CheckpointWriter {
  private final Checkpoint checkpoint;
  private final IdentityHashMap<Parameter, String> names = new IdentityHashMap<>();
  private final List<StoredMatrix> matrices = new ArrayList<>();
  private final Map<String, MemorySegment> blobs = new TreeMap<>();
  private final List<TensorSpec> specs = new ArrayList<>();
  private final Map<String, String> metadata = new TreeMap<>();

  CheckpointWriter(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
  }

  void save(Path path, long step) throws IOException {
    metadata.put(Keys.VERSION, Integer.toString(Checkpoint.VERSION));
    metadata.put(Keys.STEP, Long.toString(step));
    metadata.put(Keys.HEADER_CHECKSUM, Checksum.NONE);
    checkpoint
        .parameters()
        .forEach((name, parameter) -> {
          // What the device has to report of earlier steps is reported before anything is written.
          parameter.backend().synchronize();
          names.put(parameter, name);
          matrices.add(StoredMatrix.of(name, parameter.matrix()));
        });
    checkpoint.optimizers().forEach(this::add);
    checkpoint.generators().forEach(this::add);
    matrices.forEach(matrix -> specs.add(matrix.spec()));
    specs.forEach(spec -> metadata.put(Keys.checksum(spec.name()), Checksum.NONE));
    try (SafetensorsWriter writer = Safetensors.create(path, specs, metadata)) {
      for (StoredMatrix matrix : matrices) {
        write(matrix, writer);
      }
      for (Map.Entry<String, MemorySegment> blob : blobs.entrySet()) {
        writer.write(blob.getKey(), blob.getValue());
        metadata.put(Keys.checksum(blob.getKey()), Checksum.of(blob.getValue()));
      }
      metadata.put(Keys.HEADER_CHECKSUM, Checksum.ofHeader(metadata, specs));
      writer.finish(metadata);
    }
  }

  private void add(String name, Optimizer optimizer) {
    metadata.put(Keys.settings(name), optimizer.settings());
    metadata.put(Keys.learningRate(name), Double.toString(optimizer.learningRate()));
    for (Parameter parameter : optimizer.remembered()) {
      String of = names.get(parameter);
      if (of == null) {
        throw new IllegalArgumentException(
            "optimizer '"
                + name
                + "' remembers the parameter "
                + parameter
                + ", which is not part of this checkpoint; add its layer, or let the optimizer"
                + " forget it");
      }
      OptimizerState state = optimizer.state(parameter);
      metadata.put(Keys.steps(name, of), Long.toString(state.steps()));
      state
          .matrices()
          .forEach(
              (key, matrix) -> matrices.add(StoredMatrix.of(Keys.state(name, of, key), matrix)));
    }
  }

  private void add(String name, TorchGenerator generator) {
    MemorySegment state = MemorySegment.ofArray(generator.state());
    metadata.put(Keys.capability(name), generator.capability().name());
    blobs.put(Keys.generator(name), state);
    specs.add(new TensorSpec(Keys.generator(name), DType.UINT8, Shape.of(state.byteSize())));
  }

  private void write(StoredMatrix matrix, SafetensorsWriter writer) throws IOException {
    Checksum checksum = new Checksum();
    String name = matrix.spec().name();
    matrix.read(part -> {
      checksum.update(part);
      writer.write(name, part);
    });
    metadata.put(Keys.checksum(name), checksum.digits());
  }
}
