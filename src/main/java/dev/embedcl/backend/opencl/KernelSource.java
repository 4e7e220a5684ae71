package dev.embedcl.backend.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads kernel files from the class path and puts the files they include in their place. */
final class KernelSource {
  private static final String FOLDER = "/dev/embedcl/kernels/";
  private static final Pattern INCLUDE = Pattern.compile("\\s*#include \"([^\"]+)\"\\s*");

  private KernelSource() {}

  /**
   * Returns the source of a kernel file as one text, each included file once.
   *
   * @throws IllegalStateException if a file is missing from the class path
   */
  static String load(String file) {
    StringBuilder text = new StringBuilder();
    append(file, text, new HashSet<>());
    return text.toString();
  }

  private static void append(String file, StringBuilder text, Set<String> included) {
    if (!included.add(file)) {
      return;
    }
    // Build logs then name the file and line that a developer can open.
    text.append("#line 1 \"").append(file).append("\"\n");
    int number = 0;
    for (String line : read(file).split("\n", -1)) {
      number++;
      Matcher include = INCLUDE.matcher(line);
      if (include.matches()) {
        append(include.group(1), text, included);
        text.append("#line ").append(number + 1).append(" \"").append(file).append("\"\n");
      } else {
        text.append(line).append('\n');
      }
    }
  }

  private static String read(String file) {
    try (InputStream in = KernelSource.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new IllegalStateException(
            "kernel file "
                + FOLDER
                + file
                + " is not on the class path; use the embedcl jar as it was built");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("kernel file " + FOLDER + file + " cannot be read", e);
    }
  }
}
