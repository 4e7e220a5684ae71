package dev.embedcl.checkpoint;

import dev.embedcl.init.TorchGenerator;
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

/**
 * Checks a file against a {@link Checkpoint}, and only when all is well changes anything: first
 * what can be told from the header, then the checksums, then the memory for optimizers' state.
 */
final class CheckpointReader implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final CheckpointFile file;
  private final List<Runnable> changes = new ArrayList<>();
  private final List<Runnable> undo = new ArrayList<>();
  private final Set<String> expected = new HashSet<>();

  private CheckpointReader(Checkpoint checkpoint, CheckpointFile file) {
    this.checkpoint = checkpoint;
    this.file = file;
  }

  static CheckpointReader open(Checkpoint checkpoint, Path path) throws IOException {
    return new CheckpointReader(checkpoint, CheckpointFile.open(path));
  }

  /** Does all of it and returns the step. */
  long restore() throws IOException {
    file.checkHeader();
    final long step = file.number(Keys.STEP);
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
      file.checkData();
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

  private void checkOptimizers() throws CheckpointException {
    for (Map.Entry<String, Optimizer> each : checkpoint.optimizers().entrySet()) {
      String stored = file.metadata().get(Keys.settings(each.getKey()));
      String own = each.getValue().settings();
      if (stored == null) {
        throw file.refusal(
            "it has no optimizer '"
                + each.getKey()
                + "'; leave the optimizer out of this checkpoint to start its state anew");
      }
      if (!stored.equals(own)) {
        throw file.refusal(
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
    for (String key : file.metadata().keySet()) {
      if (key.startsWith(begin) && key.endsWith(end)) {
        String name = key.substring(begin.length(), key.length() - end.length());
        if (name.indexOf('/') < 0 && !own.contains(name)) {
          throw file.refusal(
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
      throw file.refusal(
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
      throw file.refusal("generator '" + name + "' has a state of " + stored + "; save it again");
    }
    String capability = file.text(Keys.capability(name));
    if (!capability.equals(generator.capability().name())) {
      throw file.refusal(
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
      CheckpointException refusal = file.refusal("generator '" + name + "': " + e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
    changes.add(() -> generator.restore(state));
  }

  private void take(String name, Optimizer optimizer) throws CheckpointException {
    double learningRate = file.learningRate(name);
    changes.add(() -> optimizer.learningRate(learningRate));
    List<Parameter> remembered = optimizer.remembered();
    for (Map.Entry<String, Parameter> each : checkpoint.parameters().entrySet()) {
      Parameter parameter = each.getValue();
      String key = Keys.steps(name, each.getKey());
      if (!file.metadata().containsKey(key)) {
        changes.add(() -> optimizer.forget(parameter));
        continue;
      }
      long steps = file.number(key);
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
        throw file.refusal(
            "it has the tensor '"
                + name
                + "', which belongs to nothing in this checkpoint; add the layer that it is of");
      }
    }
  }

  private TensorSpec require(TensorSpec wanted) throws CheckpointException {
    expected.add(wanted.name());
    if (!file.contains(wanted.name())) {
      throw file.refusal(
          "it has no tensor '"
              + wanted.name()
              + "' but "
              + file.names()
              + "; restore what was saved, under the names it was saved by");
    }
    return file.spec(wanted.name());
  }
}
