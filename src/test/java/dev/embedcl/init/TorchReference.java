package dev.embedcl.init;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** Reads what {@code reference/init.py} wrote: the steps real PyTorch took and what they gave. */
final class TorchReference {

  /**
   * One step.
   *
   * @param line the line of the file, for messages
   * @param name seed, normal, uniform or state
   * @param expected {@code bits HEX} or {@code sha256 HEX HEX HEX}, split
   */
  record Step(String line, String name, long number, double a, double b, List<String> expected) {

    /** Does to the generator what the line says; returns the floats it filled. */
    float[] run(TorchGenerator generator) {
      float[] floats = new float["seed".equals(name) ? 0 : (int) number];
      MemorySegment target = MemorySegment.ofArray(floats);
      switch (name) {
        case "seed" -> generator.seed(number);
        case "normal" -> generator.fillNormal(target, a, b);
        case "uniform" -> generator.fillUniform(target, a, b);
        default -> {}
      }
      return floats;
    }
  }

  private TorchReference() {}

  static List<Step> read(String file) throws IOException {
    List<Step> steps = new ArrayList<>();
    try (InputStream in =
            Objects.requireNonNull(
                TorchReference.class.getResourceAsStream("/reference/" + file), file);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String line : reader.lines().toList()) {
        if (!line.startsWith("#")) {
          steps.add(parse(line));
        }
      }
    }
    return steps;
  }

  private static Step parse(String line) {
    List<String> words = List.of(line.split(" "));
    return switch (words.getFirst()) {
      case "seed" -> new Step(line, "seed", Long.parseLong(words.get(1)), 0, 0, List.of());
      case "state" -> new Step(line, "state", 0, 0, 0, words.subList(1, words.size()));
      default ->
          new Step(
              line,
              words.getFirst(),
              Long.parseLong(words.get(1)),
              Double.parseDouble(words.get(2)),
              Double.parseDouble(words.get(3)),
              words.subList(4, words.size()));
    };
  }

  /** Parses floats written as eight hexadecimal digits each. */
  static float[] floats(String hex) {
    float[] floats = new float[hex.length() / 8];
    for (int i = 0; i < floats.length; i++) {
      floats[i] =
          Float.intBitsToFloat(Integer.parseUnsignedInt(hex.substring(8 * i, 8 * i + 8), 16));
    }
    return floats;
  }

  /** Writes floats as eight hexadecimal digits each. */
  static String hex(float[] floats, int from, int to) {
    StringBuilder hex = new StringBuilder();
    for (int i = from; i < to; i++) {
      hex.append(HexFormat.of().toHexDigits(Float.floatToRawIntBits(floats[i])));
    }
    return hex.toString();
  }

  /** Returns the SHA-256 of the bytes. */
  static String sha256(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.toArray(ValueLayout.JAVA_BYTE));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
