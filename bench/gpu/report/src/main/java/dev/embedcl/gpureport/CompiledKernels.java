package dev.embedcl.gpureport;

import dev.embedcl.opencl.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the driver made of the kernels that ran, each by itself. NVIDIA's gives PTX, which is
 * counted and kept beside the report; others give machine code in a format of their own.
 */
final class CompiledKernels {
  private static final Pattern KERNEL = Pattern.compile("\\bkernel\\s+void\\s+(\\w+)");
  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)");
  private static final Pattern OPTION = Pattern.compile("-D(\\w+)=(\\S+)");
  private static final String LOADS = "16-byte loads";
  private static final String RED = "red";
  private static final String RED_V4 = "red v4";
  private static final String FMA = "fma";

  /** Title and what is counted in PTX. */
  private static final Map<String, Pattern> COUNTED = new LinkedHashMap<>();

  static {
    COUNTED.put(
        LOADS,
        Pattern.compile("\\bld\\.global(\\.\\w+)*\\.v(4\\.[fbus]32|2\\.[fbus]64|8\\.[fbus]16)"));
    COUNTED.put(
        "16-byte stores",
        Pattern.compile("\\bst\\.global(\\.\\w+)*\\.v(4\\.[fbus]32|2\\.[fbus]64|8\\.[fbus]16)"));
    COUNTED.put(
        "other loads",
        Pattern.compile("\\bld\\.global(?!(\\.\\w+)*\\.v(4\\.\\w32|2\\.\\w64|8\\.\\w16))"));
    COUNTED.put(RED_V4, Pattern.compile("\\bred\\.global(\\.\\w+)*\\.add\\.v4\\.f32"));
    COUNTED.put(RED, Pattern.compile("\\bred\\.global(\\.\\w+)*\\.add\\.f32"));
    COUNTED.put(FMA, Pattern.compile("\\bfma\\."));
    COUNTED.put("local memory (spills)", Pattern.compile("\\b(ld|st)\\.local"));
  }

  private CompiledKernels() {}

  /** Counts instructions in PTX. */
  static Map<String, Long> count(String ptx) {
    Map<String, Long> counts = new LinkedHashMap<>();
    COUNTED.forEach((title, pattern) -> counts.put(title, pattern.matcher(ptx).results().count()));
    return counts;
  }

  /** Returns the text of each kernel in PTX, by name. */
  static Map<String, String> entries(String ptx) {
    Map<String, String> entries = new LinkedHashMap<>();
    Matcher matcher = ENTRY.matcher(ptx);
    String name = "";
    int begin = 0;
    while (matcher.find()) {
      if (!name.isEmpty()) {
        entries.put(name, ptx.substring(begin, matcher.start()));
      }
      name = matcher.group(1);
      begin = matcher.start();
    }
    if (!name.isEmpty()) {
      entries.put(name, ptx.substring(begin));
    }
    return entries;
  }

  /**
   * Returns what is missing in a kernel's code, or an empty text: 16-byte loads where columns are
   * moved as vectors that make up 16 bytes, and {@code red} where NVIDIA's float atomics are asked
   * for.
   */
  static String missing(String kernel, String options, Map<String, Long> counts) {
    Map<String, String> macros = new LinkedHashMap<>();
    OPTION.matcher(options).results().forEach(each -> macros.put(each.group(1), each.group(2)));
    List<String> missing = new ArrayList<>();
    int width = Integer.parseInt(macros.getOrDefault("VECTOR_WIDTH", "1"));
    boolean narrow =
        macros
            .getOrDefault("WEIGHT_STORAGE", macros.getOrDefault("TABLE_STORAGE", ""))
            .endsWith("FLOAT16");
    boolean aligned = "1".equals(macros.get("VECTOR_ALIGNED"));
    if (aligned
        && width * (narrow ? 2 : 4) >= 16
        && !kernel.endsWith("_rates") // one number for each row
        && counts.getOrDefault(LOADS, 0L) == 0) {
      missing.add(LOADS);
    }
    boolean asksForRed =
        kernel.contains("atomic") && List.of("3", "4").contains(macros.get("FLOAT_ATOMICS"));
    if (asksForRed && counts.getOrDefault(RED, 0L) + counts.getOrDefault(RED_V4, 0L) == 0) {
      missing.add(RED);
    }
    return String.join(", ", missing);
  }

  /** Writes what there is; returns false if a fused multiply-add was found. */
  static boolean describe(OpenDevice device, ReportFolder report) throws IOException {
    report.section("What the driver compiled");
    List<List<String>> rows = new ArrayList<>();
    List<Map<String, Object>> json = new ArrayList<>();
    boolean fused = false;
    int number = 0;
    for (Program program : device.context().programs()) {
      byte[] binary = program.binary();
      String text = new String(binary, StandardCharsets.ISO_8859_1).replace("\0", "");
      Map<String, String> entries =
          text.contains(".version") && text.contains(".target") ? entries(text) : Map.of();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("options", program.options());
      entry.put("bytes", binary.length);
      entry.put("log", program.log());
      if (entries.isEmpty()) {
        List<String> kernels =
            KERNEL
                .matcher(program.source())
                .results()
                .map(each -> each.group(1))
                .distinct()
                .toList();
        entry.put("kernels", kernels);
        rows.add(row(String.join(", ", kernels), program.options(), Map.of(), ""));
      } else {
        number++;
        report.file("kernel-" + number + ".ptx", text);
        entry.put("file", "kernel-" + number + ".ptx");
        Map<String, Object> kernels = new LinkedHashMap<>();
        for (Map.Entry<String, String> each : entries.entrySet()) {
          Map<String, Long> counts = count(each.getValue());
          kernels.put(each.getKey(), counts);
          fused |= counts.getOrDefault(FMA, 0L) > 0;
          String missing = missing(each.getKey(), program.options(), counts);
          rows.add(row(each.getKey(), program.options(), counts, missing));
        }
        entry.put("kernels", kernels);
      }
      json.add(entry);
    }
    report.text(
        number > 0
            ? "PTX, counted by instruction in each kernel; the texts are beside this page. Missing is"
                + " what a kernel of vectors of 16 bytes, or one that adds atomically, should have."
            : "The driver gives machine code, not PTX: nothing to count.");
    if (fused) {
      report.text("FUSED MULTIPLY-ADDS WERE FOUND: they change bits, and must not be there.");
    }
    List<String> header = new ArrayList<>(List.of("kernel", "options"));
    if (number > 0) {
      header.addAll(COUNTED.keySet());
      header.add("missing");
    }
    report.table(header, rows.stream().map(row -> row.subList(0, header.size())).toList());
    report.put("programs", json);
    return !fused;
  }

  private static List<String> row(
      String kernel, String options, Map<String, Long> counts, String missing) {
    List<String> row = new ArrayList<>(List.of(kernel, options));
    COUNTED.keySet().forEach(title -> row.add(String.valueOf(counts.getOrDefault(title, 0L))));
    row.add(missing);
    return row;
  }
}
