package dev.embedcl.gpureport;

import dev.embedcl.opencl.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the driver made of the kernels that ran. NVIDIA's gives PTX, which is counted and kept
 * beside the report; others give machine code in a format of their own.
 */
final class CompiledKernels {
  private static final Pattern KERNEL = Pattern.compile("\\bkernel\\s+void\\s+(\\w+)");

  /** Title and what is counted in PTX. */
  private static final Map<String, Pattern> COUNTED = new LinkedHashMap<>();

  static {
    COUNTED.put(
        "16-byte loads", Pattern.compile("\\bld\\.global(\\.\\w+)*\\.v(4\\.[fbu]32|2\\.[fbu]64)"));
    COUNTED.put(
        "16-byte stores", Pattern.compile("\\bst\\.global(\\.\\w+)*\\.v(4\\.[fbu]32|2\\.[fbu]64)"));
    COUNTED.put("other loads", Pattern.compile("\\bld\\.global(?!(\\.\\w+)*\\.v(4|2\\.[fbu]64))"));
    COUNTED.put("red v4", Pattern.compile("\\bred\\.global(\\.\\w+)*\\.add\\.v4\\.f32"));
    COUNTED.put("red", Pattern.compile("\\bred\\.global(\\.\\w+)*\\.add\\.f32"));
    COUNTED.put("fma", Pattern.compile("\\bfma\\."));
    COUNTED.put("local memory (spills)", Pattern.compile("\\b(ld|st)\\.local"));
  }

  private CompiledKernels() {}

  /** Counts instructions in PTX. */
  static Map<String, Long> count(String ptx) {
    Map<String, Long> counts = new LinkedHashMap<>();
    COUNTED.forEach((title, pattern) -> counts.put(title, pattern.matcher(ptx).results().count()));
    return counts;
  }

  /** Writes what there is; returns false if a fused multiply-add was found. */
  static boolean describe(OpenDevice device, ReportFolder report) throws IOException {
    report.section("What the driver compiled");
    List<List<String>> rows = new ArrayList<>();
    List<Map<String, Object>> json = new ArrayList<>();
    boolean fused = false;
    int number = 0;
    for (Program program : device.context().programs()) {
      Set<String> kernels = new LinkedHashSet<>();
      Matcher matcher = KERNEL.matcher(program.source());
      while (matcher.find()) {
        kernels.add(matcher.group(1));
      }
      byte[] binary = program.binary();
      String text = new String(binary, StandardCharsets.ISO_8859_1);
      boolean ptx = text.contains(".version") && text.contains(".target");
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("kernels", new ArrayList<>(kernels));
      entry.put("options", program.options());
      entry.put("bytes", binary.length);
      entry.put("log", program.log());
      List<String> row = new ArrayList<>();
      row.add(String.join(", ", kernels));
      row.add(program.options());
      row.add(Integer.toString(binary.length));
      Map<String, Long> counts = ptx ? count(text) : Map.of();
      entry.putAll(counts);
      for (String title : COUNTED.keySet()) {
        row.add(ptx ? Long.toString(counts.getOrDefault(title, 0L)) : "");
      }
      fused |= counts.getOrDefault("fma", 0L) > 0;
      if (ptx) {
        number++;
        report.file("kernel-" + number + ".ptx", text.replace("\0", ""));
        entry.put("file", "kernel-" + number + ".ptx");
      }
      rows.add(row);
      json.add(entry);
    }
    report.text(
        number > 0
            ? "PTX, counted by instruction; the texts are beside this page."
            : "The driver gives machine code, not PTX: nothing to count.");
    if (fused) {
      report.text("FUSED MULTIPLY-ADDS WERE FOUND: they change bits, and must not be there.");
    }
    List<String> header = new ArrayList<>(List.of("kernels", "options", "bytes"));
    header.addAll(COUNTED.keySet());
    report.table(header, rows);
    report.put("programs", json);
    return !fused;
  }
}
