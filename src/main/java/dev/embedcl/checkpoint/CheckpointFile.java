package dev.embedcl.checkpoint;

import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file that says it is a checkpoint: its entries, each refused by name where it is missing or is
 * not what it has to be, and the checksums of header and data.
 */
final class CheckpointFile implements AutoCloseable {
  private final SafetensorsReader file;

  private CheckpointFile(SafetensorsReader file) {
    this.file = file;
  }

  static CheckpointFile open(Path path) throws IOException {
    return new CheckpointFile(Safetensors.open(path));
  }

  @Override
  public void close() {
    file.close();
  }

  Map<String, String> metadata() {
    return file.metadata();
  }

  List<String> names() {
    return file.names();
  }

  boolean contains(String name) {
    return file.contains(name);
  }

  MemorySegment segment(String name) {
    return file.segment(name);
  }

  void checkHeader() throws CheckpointException {
    String version = file.metadata().get(Keys.VERSION);
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
    for (String name : names()) {
      specs.add(spec(name));
    }
    String actual = Checksum.ofHeader(file.metadata(), specs);
    String stored = text(Keys.HEADER_CHECKSUM);
    if (!actual.equals(stored)) {
      throw altered("the header", actual, stored);
    }
  }

  void checkData() throws CheckpointException {
    for (String name : names()) {
      String actual = Checksum.of(file.segment(name));
      String stored = text(Keys.checksum(name));
      if (!actual.equals(stored)) {
        throw altered("tensor '" + name + "'", actual, stored);
      }
    }
  }

  TensorSpec spec(String name) throws CheckpointException {
    try {
      return file.spec(name);
    } catch (IllegalArgumentException e) {
      CheckpointException refusal = refusal(e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
  }

  long number(String key) throws CheckpointException {
    String text = text(key);
    if (!text.matches("[0-9]{1,18}")) {
      throw refusal(key + " = '" + text + "' is no number of steps; save it again");
    }
    return Long.parseLong(text);
  }

  double learningRate(String optimizer) throws CheckpointException {
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

  String text(String key) throws CheckpointException {
    String text = file.metadata().get(key);
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

  CheckpointException refusal(@Nullable String detail) {
    return new CheckpointException(file.path(), String.valueOf(detail));
  }
}
