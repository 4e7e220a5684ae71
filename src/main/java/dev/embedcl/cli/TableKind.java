package dev.embedcl.cli;

import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.TensorSpec;
import java.util.List;
import java.util.Optional;

/** The two kinds of tables that a file of weights can have, and how each is found. */
enum TableKind {
  /** A row for each token. */
  TOKENS("token", "wte.weight", "word_embeddings.weight", "--token-table NAME"),

  /** A row for each position. */
  POSITIONS(
      "positional",
      "wpe.weight",
      "position_embeddings.weight",
      "--position-table NAME, or --positions none");

  private final String words;

  private final String gpt2Name;
  private final String bertName;
  private final String cure;

  TableKind(String words, String gpt2Name, String bertName, String cure) {
    this.words = words;
    this.gpt2Name = gpt2Name;
    this.bertName = bertName;
    this.cure = cure;
  }

  /** Returns the table's name in GPT-2's files. */
  String gpt2Name() {
    return gpt2Name;
  }

  /**
   * Finds the table of a file.
   *
   * @param wanted its name; empty to look for a usual one, alone or behind a prefix and a dot
   * @return the table, [rows, dim], of a type that becomes float32 exactly
   * @throws CommandFailure if there is none, more than one, or one that cannot be used
   */
  TensorSpec find(SafetensorsReader reader, Optional<String> wanted) {
    String name = wanted.isPresent() ? wanted.get() : usualName(reader);
    if (!reader.contains(name)) {
      throw new CommandFailure(
          reader.path()
              + " has no tensor '"
              + name
              + "'; it has "
              + someNames(reader)
              + ": use "
              + cure);
    }
    TensorSpec spec;
    try {
      spec = reader.spec(name);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
    boolean isFloat =
        switch (spec.type()) {
          case FLOAT32, FLOAT16, BFLOAT16 -> true;
          case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> false;
        };
    if (!isFloat) {
      throw new CommandFailure(
          describe(reader, spec)
              + " is "
              + spec.type()
              + ": convert it to FLOAT32, FLOAT16 or BFLOAT16");
    }
    if (spec.shape().rank() != 2
        || spec.shape().size(1) < 1
        || spec.shape().size(1) > Integer.MAX_VALUE) {
      throw new CommandFailure(
          describe(reader, spec) + " has shape " + spec.shape() + ", not [rows, dim]: use " + cure);
    }
    return spec;
  }

  /** Returns a table as messages name it. */
  static String describe(SafetensorsReader reader, TensorSpec table) {
    return reader.path() + ": '" + table.name() + "'";
  }

  private String usualName(SafetensorsReader reader) {
    for (String suffix : List.of(gpt2Name, bertName)) {
      List<String> found =
          reader.names().stream()
              .filter(name -> name.equals(suffix) || name.endsWith("." + suffix))
              .toList();
      if (found.size() == 1) {
        return found.getFirst();
      }
      if (found.size() > 1) {
        throw new CommandFailure(
            reader.path()
                + " has several "
                + words
                + " tables, "
                + String.join(", ", found)
                + ": choose with "
                + cure);
      }
    }
    throw new CommandFailure(
        reader.path()
            + " has no "
            + words
            + " table of a usual name ("
            + gpt2Name
            + ", "
            + bertName
            + "); it has "
            + someNames(reader)
            + ": use "
            + cure);
  }

  private static String someNames(SafetensorsReader reader) {
    List<String> names = reader.names().stream().limit(5).toList();
    return names.isEmpty()
        ? "no tensors"
        : String.join(", ", names) + (names.size() < reader.names().size() ? ", …" : "");
  }
}
