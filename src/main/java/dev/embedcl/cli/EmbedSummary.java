package dev.embedcl.cli;

import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.text.EncodedLength;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code embed} did, for standard output.
 *
 * @param request what was asked for
 * @param device what computed
 * @param text the length of the text
 * @param windows the number of windows
 * @param dim the embedding dimension
 * @param tables where the tables come from, in words
 * @param file the file written, with its size
 * @param savedTables the file of the tables, with its size
 * @param embedNanos time of embedding and writing all windows
 * @param clock time of the whole run, by stages
 * @param firstVectors the start of the result, where no file was written
 */
record EmbedSummary(
    EmbedRequest request,
    DeviceInfo device,
    EncodedLength text,
    long windows,
    int dim,
    String tables,
    Optional<WrittenFile> file,
    Optional<WrittenFile> savedTables,
    long embedNanos,
    StageClock clock,
    List<FirstVector> firstVectors) {

  /** A file and its size. */
  record WrittenFile(Path path, long bytes) {
    @Override
    public String toString() {
      return path + grouped(", %,d bytes", bytes);
    }
  }

  /**
   * The start of one token's vector.
   *
   * @param token the token's text
   * @param id the token's id
   * @param values the first values
   */
  record FirstVector(String token, int id, List<Float> values) {}

  void print(PrintWriter out) {
    long embedded = windows * request.maxLength();
    double seconds = Math.max(embedNanos, 1) / 1e9;
    line(out, "device", device.summary());
    line(
        out,
        "text",
        grouped(
            "%s, %,d characters, %,d tokens",
            request.text().name(), text.characters(), text.tokens()));
    line(
        out,
        "windows",
        grouped("%,d of %,d tokens, stride %,d", windows, request.maxLength(), request.stride()));
    line(
        out,
        "embeddings",
        "["
            + windows
            + ", "
            + request.maxLength()
            + ", "
            + dim
            + "] float32, "
            + tables
            + ", positions "
            + request.positions());
    savedTables.ifPresent(written -> line(out, "tables", written.toString()));
    file.ifPresent(written -> line(out, "file", written.toString()));
    line(
        out,
        "speed",
        grouped("%,.0f tokens/s (%,d tokens in %.3f s)", embedded / seconds, embedded, seconds));
    line(out, "time", clock.toString());
    if (!firstVectors.isEmpty()) {
      out.println();
      out.println(
          grouped(
              "First %d of %,d values of the first %d of %,d vectors:",
              firstVectors.getFirst().values().size(), dim, firstVectors.size(), embedded));
      firstVectors.forEach(vector -> out.println(row(vector)));
    }
  }

  private static void line(PrintWriter out, String name, String value) {
    out.println(name + " ".repeat(12 - name.length()) + value);
  }

  private static String row(FirstVector vector) {
    StringBuilder row =
        new StringBuilder(grouped("%7d %-14s", vector.id(), quoted(vector.token())));
    for (Float value : vector.values()) {
      row.append(grouped(" %10.6f", value));
    }
    return row.toString();
  }

  /** Returns a token's text on one line, whatever is in it. */
  private static String quoted(String token) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      switch (c) {
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '"', '\\' -> quoted.append('\\').append(c);
        default -> {
          if (Character.isISOControl(c)) {
            quoted.append(grouped("\\u%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }

  /** Formats with a point for fractions and commas between thousands, wherever it runs. */
  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency of its own
  private static String grouped(String template, Object... args) {
    return String.format(Locale.ROOT, template, args);
  }
}
