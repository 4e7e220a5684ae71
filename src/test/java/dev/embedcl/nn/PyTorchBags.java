package dev.embedcl.nn;

import dev.embedcl.op.BagMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/** The cases and traces of {@code reference/bags.py}: the same inputs, and PyTorch's results. */
public final class PyTorchBags {
  public static final int ROWS = 7;
  public static final int BAGS = 5;
  public static final int COUNT = 20;
  static final int NO_PADDING = -1;

  private static final int[] OFFSETS = {0, 3, 3, 10, 11, 20};
  private static final float[] RESULTS = floats(resource("bags.bin"));

  private PyTorchBags() {}

  /** One output with its gradients. {@code start} is where they stand in the file. */
  record Case(
      int dim,
      BagMode mode,
      boolean weighted,
      int padding,
      String layout,
      boolean byFrequency,
      int start) {

    static List<Case> all() {
      return lines("case")
          .map(words ->
              new Case(
                  Integer.parseInt(words[1]),
                  modeOf(words[2]),
                  Boolean.parseBoolean(words[3]),
                  words[4].equals("none") ? NO_PADDING : Integer.parseInt(words[4]) == -1 ? 6 : 2,
                  words[5],
                  Boolean.parseBoolean(words[6]),
                  Integer.parseInt(words[7])))
          .toList();
    }

    boolean isMatrix() {
      return layout.equals("matrix");
    }

    /** Returns where each bag begins, and where the last one ends. */
    int[] starts() {
      return isMatrix() ? new int[] {0, 4, 8, 12, 16, 20} : OFFSETS.clone();
    }

    float[] output() {
      return results(start, BAGS * dim);
    }

    float[] gradWeight() {
      return results(start + BAGS * dim, ROWS * dim);
    }

    float[] gradSampleWeights() {
      return results(start + (BAGS + ROWS) * dim, COUNT);
    }
  }

  /** A table after 20 steps of an optimizer. */
  public record Trace(BagMode mode, boolean weighted, boolean sparse, String optimizer, int start) {
    public static final int DIM = 8;
    public static final int STEPS = 20;
    public static final int PADDING = 2;

    /** Returns all traces. */
    public static List<Trace> all() {
      return lines("trace")
          .map(words ->
              new Trace(
                  modeOf(words[1]),
                  Boolean.parseBoolean(words[2]),
                  Boolean.parseBoolean(words[3]),
                  words[4],
                  Integer.parseInt(words[5])))
          .toList();
    }

    /** Returns the table [ROWS, DIM] after the last step. */
    public float[] weight() {
      return results(start, ROWS * DIM);
    }
  }

  /** Returns the offsets of the traces and of the cases that are no matrix, without the last. */
  public static int[] offsets() {
    return Arrays.copyOf(OFFSETS, BAGS);
  }

  /** Returns multiples of 2^-10 in [-1, 1). */
  public static float[] numbers(int count, long seed) {
    float[] numbers = new float[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state = (state * 1103515245 + 12345) % (1L << 31);
      numbers[i] = ((state >> 16) % 2048 - 1024) / 1024f;
    }
    return numbers;
  }

  /** Returns the ids of a case, whose seed is the dimension, or of a step of a trace. */
  public static int[] ids(int seed) {
    int[] ids = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      ids[i] = (i * i * (seed + 1) + 5 * i + seed) % ROWS;
    }
    ids[10] = 2;
    return ids;
  }

  /** Returns the table before anything; with many equal numbers where the maximum is taken. */
  public static float[] table(int dim, BagMode mode) {
    float[] table = numbers(ROWS * dim, 1);
    for (int i = 0; i < table.length; i++) {
      table[i] = mode == BagMode.MAX ? (float) Math.floor(table[i] * 4) / 4 : table[i];
    }
    return table;
  }

  private static BagMode modeOf(String word) {
    return BagMode.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static Stream<String[]> lines(String kind) {
    return new String(resource("bags.txt"), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split(" "))
        .filter(words -> words[0].equals(kind));
  }

  private static float[] results(int start, int count) {
    return Arrays.copyOfRange(RESULTS, start, start + count);
  }

  private static float[] floats(byte[] bytes) {
    float[] floats = new float[bytes.length / Float.BYTES];
    MemorySegment.ofArray(floats).copyFrom(MemorySegment.ofArray(bytes));
    return floats;
  }

  private static byte[] resource(String name) {
    try (InputStream in = PyTorchBags.class.getResourceAsStream("/reference/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
