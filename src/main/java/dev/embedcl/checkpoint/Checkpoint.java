package dev.embedcl.checkpoint;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.TableLayer;
import dev.embedcl.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What of a training run goes into a file, and comes back from it bit for bit: the weights of
 * layers, the state and learning rate of optimizers, the state of generators, and the step, which
 * is the position of every {@link dev.embedcl.optim.LearningRateSchedule}. A run that is stopped
 * and restored, on another backend even, goes on as the run that was not stopped.
 *
 * <pre>{@code
 * Checkpoint checkpoint = new Checkpoint().layer(embedding).optimizer(adam);
 * checkpoint.save(path, step);            // in one run
 * long step = checkpoint.restore(path);   // in the next, with layers and optimizers made alike
 * }</pre>
 *
 * <p>The file is a safetensors file of version {@value #VERSION}: tensors under the parameters'
 * names (any tool can read the weights), optimizers' matrices as {@code optimizer/<name>/
 * <parameter>/exp_avg}, generators' states as {@code generator/<name>/state} (the bytes of {@code
 * torch.get_rng_state()}), and in the metadata step, learning rates and a CRC-32C of each tensor
 * and of the header itself. Tensors are stored in the buffers' own element type and pass in parts
 * of some megabytes, so that tables may be larger than the Java heap. Needs {@code
 * com.fasterxml.jackson.core:jackson-core} on the class path. For one thread at a time, which no
 * other changes the weights meanwhile.
 */
public final class Checkpoint {
  /** The version of the format that is written; no other can be read. */
  public static final int VERSION = 1;

  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Optimizer> optimizers = new LinkedHashMap<>();
  private final Map<String, TorchGenerator> generators = new LinkedHashMap<>();

  /** Creates a checkpoint of nothing, to which layers, optimizers and generators are added. */
  public Checkpoint() {}

  /**
   * Adds a layer's parameters under their own names.
   *
   * @return this
   * @throws IllegalArgumentException if a name is taken; give the layer a prefix
   */
  public Checkpoint layer(TableLayer layer) {
    return layer("", layer);
  }

  /**
   * Adds a layer's parameters.
   *
   * @param prefix comes before the parameters' names, as {@code "user."}
   * @return this
   * @throws IllegalArgumentException if a name is taken
   */
  public Checkpoint layer(String prefix, TableLayer layer) {
    for (Parameter parameter : layer.parameters()) {
      parameter(prefix + parameter.name(), parameter);
    }
    return this;
  }

  /**
   * Adds a parameter.
   *
   * @return this
   * @throws IllegalArgumentException if the name is taken, empty, or begins as those of optimizers
   *     and generators do
   */
  public Checkpoint parameter(String name, Parameter parameter) {
    requireArgument(
        !name.startsWith(Keys.OPTIMIZER) && !name.startsWith(Keys.GENERATOR),
        "name = %s: %s and %s begin what belongs to optimizers and generators; name it otherwise",
        name,
        Keys.OPTIMIZER,
        Keys.GENERATOR);
    put(parameters, "parameter", name, parameter);
    return this;
  }

  /**
   * Adds an optimizer under the name {@code main}.
   *
   * @return this
   * @throws IllegalArgumentException if there is one of that name
   */
  public Checkpoint optimizer(Optimizer optimizer) {
    return optimizer("main", optimizer);
  }

  /**
   * Adds an optimizer.
   *
   * @return this
   * @throws IllegalArgumentException if the name is taken, empty or has a slash
   */
  public Checkpoint optimizer(String name, Optimizer optimizer) {
    requireArgument(name.indexOf('/') < 0, "name = %s has a slash; leave it out", name);
    put(optimizers, "optimizer", name, optimizer);
    return this;
  }

  /**
   * Adds a generator under the name {@code main}.
   *
   * @return this
   * @throws IllegalArgumentException if there is one of that name
   */
  public Checkpoint generator(TorchGenerator generator) {
    return generator("main", generator);
  }

  /**
   * Adds a generator.
   *
   * @return this
   * @throws IllegalArgumentException if the name is taken, empty or has a slash
   */
  public Checkpoint generator(String name, TorchGenerator generator) {
    requireArgument(name.indexOf('/') < 0, "name = %s has a slash; leave it out", name);
    put(generators, "generator", name, generator);
    return this;
  }

  /**
   * Writes everything to a file, which appears under its name only when it is complete and on the
   * disk: until then, and after any failure or crash, an earlier file of that name stays as it was.
   * A killed process leaves a file that ends in {@code .embedcl-part} beside it, which may be
   * deleted.
   *
   * @param step how many steps the run has taken
   * @throws IllegalArgumentException if {@code step} is negative, or an optimizer remembers a
   *     parameter that was not added
   * @throws IllegalStateException if a parameter, an optimizer or a backend was closed
   * @throws IndexOutOfBoundsException if ids that were on a device turn out to be out of range
   * @throws IOException if the file cannot be written; names it, the cause and the cure
   */
  public void save(Path path, long step) throws IOException {
    requireArgument(step >= 0, "step = %d is negative", step);
    new CheckpointWriter(this).save(path, step);
  }

  /**
   * Brings everything back to what it was when the file was written. The whole file is checked
   * first, checksums included: if this throws an {@link IOException}, nothing was changed. (Only a
   * device that fails while values are written to it can leave a part of them; restore again.)
   * Optimizers forget parameters that they had not met then. Gradients are not part of a checkpoint
   * and stay as they are.
   *
   * @return the step that the file was saved at
   * @throws CheckpointException if the file is no checkpoint, altered, of another version, or of
   *     other layers, optimizers or generators than those added here
   * @throws dev.embedcl.io.MalformedFileException if it is incomplete or no safetensors file
   * @throws IOException if it does not exist or cannot be read
   * @throws dev.embedcl.backend.DeviceMemoryException if a device cannot hold an optimizer's state
   * @throws IllegalStateException if a parameter, an optimizer or a backend was closed
   */
  public long restore(Path path) throws IOException {
    try (CheckpointReader reader = CheckpointReader.open(this, path)) {
      return reader.restore();
    }
  }

  Map<String, Parameter> parameters() {
    return Collections.unmodifiableMap(parameters);
  }

  Map<String, Optimizer> optimizers() {
    return Collections.unmodifiableMap(optimizers);
  }

  Map<String, TorchGenerator> generators() {
    return Collections.unmodifiableMap(generators);
  }

  @Override
  public String toString() {
    return "Checkpoint"
        + parameters.keySet()
        + " with optimizers "
        + optimizers.keySet()
        + " and generators "
        + generators.keySet();
  }

  private static <T> void put(Map<String, T> all, String kind, String name, T added) {
    requireArgument(!name.isEmpty(), "the name of a %s is empty; give it one", kind);
    requireArgument(
        all.putIfAbsent(name, added) == null,
        "there is a %s '%s' already; give this one another name or prefix",
        kind,
        name);
  }
}
