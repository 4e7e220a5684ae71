package dev.embedcl.checkpoint;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Parameter;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.OptimizerState;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Checks a file against a {@link Checkpoint}, and only when all is well changes anything: first
 * what can be told from the header, then the checksums, then the memory for optimizers' state.
 */
final class CheckpointReader implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final SafetensorsReader file;
  private final Map<String, String> metadata;
  private final List<Runnable> changes = new ArrayList<>();
  private final List<Runnable> undo = new ArrayList<>();
  private final Set<String> expected = new HashSet<>();

  private CheckpointReader(Checkpoint checkpoint, SafetensorsReader file) {
    this.checkpoint = checkpoint;
    this.file = file;
    this.metadata = file.metadata();
  }

  static CheckpointReader open(Checkpoint checkpoint, Path path) throws IOException {
    return new CheckpointReader(checkpoint, Safetensors.open(path));
  }

  /** Does all of it and returns the step. */
  long restore() throws IOException {
    checkHeader();
    final long step = number(Keys.STEP);
    checkOptimizers();
    for (Map.Entry<String, Parameter> each : checkpoint.parameters().entrySet()) {
      take(StoredMatrix.of(each.getKey(), each.getValue().matrix()));
    }
    for (Map.Entry<String, TorchGenerator> each : checkpoint.generators().entrySet()) {
      take(each.getKey(), each.getValue());
    }
    try {
      for (Map.Entry<String, Optimizer> each : checkpoint.optimizers().entrySet()) {
        take(each.getKey(), each.getValue());
      }
      checkNothingElse();
      checkData();
    } catch (IOException | RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      throw e;
    }
    changes.forEach(Runnable::run);
    return step;
  }

  @Override
  public void close() {
    file.close();
  }

  private void checkHeader() throws CheckpointException {
    String version = metadata.get(Keys.VERSION);
    if (version == null) {
      throw refusal(
          "it is no checkpoint of EmbedCL, whose metadata has "
              + Keys.VERSION
              + "; name a file that Checkpoint.save wrote");
    }
    if (!version.equals(Integer.toString(Checkpoint.VERSION))) {
      throw refusal(
          "its format has version "
              + version
              + ", this library reads "
              + Checkpoint.VERSION
              + "; use the release of EmbedCL that wrote it");
    }
    List<TensorSpec> specs = new ArrayList<>();
    for (String name : file.names()) {
      specs.add(spec(name));
    }
    String actual = Checksum.ofHeader(metadata, specs);
    String stored = text(Keys.HEADER_CHECKSUM);
    if (!actual.equals(stored)) {
      throw altered("the header", actual, stored);
    }
  }

  private void checkOptimizers() throws CheckpointException {
    for (Map.Entry<String, Optimizer> each : checkpoint.optimizers().entrySet()) {
      String stored = metadata.get(Keys.settings(each.getKey()));
      String own = each.getValue().settings();
      if (stored == null) {
        throw refusal(
            "it has no optimizer '"
                + each.getKey()
                + "'; leave the optimizer out of this checkpoint to start its state anew");
      }
      if (!stored.equals(own)) {
        throw refusal(
            "optimizer '"
                + each.getKey()
                + "' was "
                + stored
                + ", this one is "
                + own
                + "; create it alike, or leave it out of this checkpoint to start its state anew");
      }
    }
    requireNoOthers(Keys.OPTIMIZER, "/settings", checkpoint.optimizers().keySet());
    requireNoOthers(Keys.GENERATOR, "/capability", checkpoint.generators().keySet());
  }

  private void requireNoOthers(String begin, String end, Set<String> own)
      throws CheckpointException {
    for (String key : metadata.keySet()) {
      if (key.startsWith(begin) && key.endsWith(end)) {
        String name = key.substring(begin.length(), key.length() - end.length());
        if (name.indexOf('/') < 0 && !own.contains(name)) {
          throw refusal(
              "it has the "
                  + begin.replace('/', ' ')
                  + "'"
                  + name
                  + "', this checkpoint has "
                  + (own.isEmpty() ? "none" : new TreeSet<>(own))
                  + "; add it under that name");
        }
      }
    }
  }

  private void take(StoredMatrix matrix) throws CheckpointException {
    String name = matrix.spec().name();
    TensorSpec stored = require(matrix.spec());
    if (stored.type() != matrix.spec().type() || !stored.shape().equals(matrix.spec().shape())) {
      throw refusal(
          "tensor '"
              + name
              + "' is "
              + stored.type()
              + " "
              + stored.shape()
              + " there and "
              + matrix.spec().type()
              + " "
              + matrix.spec().shape()
              + " here; create the layer with the sizes and the storage of the run that saved it");
    }
    changes.add(() -> matrix.write(file.segment(name)));
  }

  private void take(String name, TorchGenerator generator) throws CheckpointException {
    String key = Keys.generator(name);
    byte[] current = generator.state();
    TensorSpec stored = require(new TensorSpec(key, DType.UINT8, Shape.of(current.length)));
    if (stored.type() != DType.UINT8 || !stored.shape().equals(Shape.of(current.length))) {
      throw refusal("generator '" + name + "' has a state of " + stored + "; save it again");
    }
    String capability = text(Keys.capability(name));
    if (!capability.equals(generator.capability().name())) {
      throw refusal(
          "generator '"
              + name
              + "' drew as "
              + capability
              + " does, this one as "
              + generator.capability()
              + "; create it with that capability");
    }
    byte[] state = file.segment(key).toArray(ValueLayout.JAVA_BYTE);
    try {
      new TorchGenerator(0, generator.capability()).restore(state);
    } catch (IllegalArgumentException e) {
      CheckpointException refusal = refusal("generator '" + name + "': " + e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
    changes.add(() -> generator.restore(state));
  }

  private void take(String name, Optimizer optimizer) throws CheckpointException {
    double learningRate = learningRate(name);
    changes.add(() -> optimizer.learningRate(learningRate));
    List<Parameter> remembered = optimizer.remembered();
    for (Map.Entry<String, Parameter> each : checkpoint.parameters().entrySet()) {
      Parameter parameter = each.getValue();
      String key = Keys.steps(name, each.getKey());
      if (!metadata.containsKey(key)) {
        changes.add(() -> optimizer.forget(parameter));
        continue;
      }
      long steps = number(key);
      if (remembered.stream().noneMatch(known -> known == parameter)) {
        undo.add(() -> optimizer.forget(parameter));
      }
      OptimizerState state = optimizer.state(parameter);
      for (var matrix : state.matrices().entrySet()) {
        take(StoredMatrix.of(Keys.state(name, each.getKey(), matrix.getKey()), matrix.getValue()));
      }
      changes.add(() -> state.steps(steps));
    }
  }

  private void checkNothingElse() throws CheckpointException {
    for (String name : file.names()) {
      if (!expected.contains(name)) {
        throw refusal(
            "it has the tensor '"
                + name
                + "', which belongs to nothing in this checkpoint; add the layer that it is of");
      }
    }
  }

  private void checkData() throws CheckpointException {
    for (String name : file.names()) {
      String actual = Checksum.of(file.segment(name));
      String stored = text(Keys.checksum(name));
      if (!actual.equals(stored)) {
        throw altered("tensor '" + name + "'", actual, stored);
      }
    }
  }

  private TensorSpec require(TensorSpec wanted) throws CheckpointException {
    expected.add(wanted.name());
    if (!file.contains(wanted.name())) {
      throw refusal(
          "it has no tensor '"
              + wanted.name()
              + "' but "
              + file.names()
              + "; restore what was saved, under the names it was saved by");
    }
    return spec(wanted.name());
  }

  private TensorSpec spec(String name) throws CheckpointException {
    try {
      return file.spec(name);
    } catch (IllegalArgumentException e) {
      CheckpointException refusal = refusal(e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
  }

  private long number(String key) throws CheckpointException {
    String text = text(key);
    if (!text.matches("[0-9]{1,18}")) {
      throw refusal(key + " = '" + text + "' is no number of steps; save it again");
    }
    return Long.parseLong(text);
  }

  private double learningRate(String optimizer) throws CheckpointException {
    String key = Keys.learningRate(optimizer);
    String text = text(key);
    try {
      double rate = Double.parseDouble(text);
      if (rate >= 0 && Float.isFinite((float) rate)) {
        return rate;
      }
    } catch (NumberFormatException e) {
      CheckpointException refusal = refusal(key + " = '" + text + "' is no number");
      refusal.initCause(e);
      throw refusal;
    }
    throw refusal(key + " = " + text + " is no learning rate; save it again");
  }

  private String text(String key) throws CheckpointException {
    String text = metadata.get(key);
    if (text == null) {
      throw refusal("its metadata has no " + key + "; save it again");
    }
    return text;
  }

  private CheckpointException altered(String what, String actual, String stored) {
    return refusal(
        what
            + " was altered: its CRC-32C is "
            + actual
            + ", the file says "
            + stored
            + "; fetch it again or take an earlier checkpoint");
  }

  private CheckpointException refusal(@Nullable String detail) {
    return new CheckpointException(file.path(), String.valueOf(detail));
  }
}
