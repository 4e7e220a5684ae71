package dev.embedcl.cli;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Tells where the time of {@code embed} goes: each moment belongs to one stage. */
final class StageClock {
  private final Map<Stage, Long> nanos = new EnumMap<>(Stage.class);
  private final long start = System.nanoTime();
  private long last = start;

  /** What {@code embed} does, in the order of the first time. */
  enum Stage {
    /** Reads the text and makes ids of it. */
    TOKENIZER,
    /** Opens the device, and compiles its kernels. */
    DEVICE,
    /** Reads tables or draws them, and saves them. */
    TABLES,
    /** Cuts windows out of the ids. */
    WINDOWS,
    /** Sends ids to the device, and waits for the vectors. */
    KERNEL,
    /** Writes what was asked for. */
    FILE
  }

  /** Gives the time since the last call to a stage. */
  void ends(Stage stage) {
    long now = System.nanoTime();
    nanos.merge(stage, now - last, Long::sum);
    last = now;
  }

  /** Returns all the time in seconds, and that of each stage there was. */
  @Override
  public String toString() {
    return nanos.entrySet().stream()
        .map(entry -> name(entry.getKey()) + " " + seconds(entry.getValue()))
        .collect(Collectors.joining(", ", seconds(last - start) + " s: ", ""));
  }

  private static String name(Stage stage) {
    return stage.name().toLowerCase(Locale.ROOT);
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.2f", nanos / 1e9);
  }
}
