package dev.embedcl.gpureport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A folder with {@code README.md}, {@code report.json} and charts. Written anew after each section:
 * a driver that ends the process leaves what was found out before.
 */
final class ReportFolder {
  private static final JSON JSON_WRITER = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

  private final Path folder;
  private final StringBuilder page = new StringBuilder();
  private final Map<String, Object> json = new LinkedHashMap<>();

  ReportFolder(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  Path path() {
    return folder;
  }

  /** Begins a section, and writes what stands before it. */
  void section(String title) throws IOException {
    flush();
    System.out.println("== " + title);
    page.append("\n## ").append(title).append("\n\n");
  }

  /** Adds a paragraph, and shows it. */
  void text(String paragraph) {
    System.out.println(paragraph);
    page.append(paragraph).append("\n\n");
  }

  /** Adds lines as they are. */
  void verbatim(String lines) {
    page.append("```\n").append(lines.strip()).append("\n```\n\n");
  }

  /** Adds a table. */
  void table(List<String> header, List<List<String>> rows) {
    row(header);
    row(header.stream().map(title -> "---").toList());
    rows.forEach(this::row);
    page.append('\n');
  }

  private void row(List<String> cells) {
    List<String> escaped = new ArrayList<>();
    for (String cell : cells) {
      escaped.add(cell.replace("|", "\\|").replace('\n', ' '));
    }
    page.append("| ").append(String.join(" | ", escaped)).append(" |\n");
  }

  /** Adds a chart as a file of its own. */
  void chart(String fileName, BarChart chart) throws IOException {
    file(fileName, chart.svg());
    page.append("![").append(chart.title()).append("](").append(fileName).append(")\n\n");
  }

  /** Writes another file beside the page. */
  void file(String fileName, String content) throws IOException {
    Files.writeString(folder.resolve(fileName), content);
  }

  /** Adds a value to the record: text, a number, a truth value, or lists and maps of them. */
  void put(String key, Object value) {
    json.put(key, value);
  }

  /** Writes everything. */
  void flush() throws IOException {
    file("README.md", "# EmbedCL on one device\n" + page.toString().stripTrailing() + "\n");
    file("report.json", JSON_WRITER.asString(json) + "\n");
  }
}
