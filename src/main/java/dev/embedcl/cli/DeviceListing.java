package dev.embedcl.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.embedcl.backend.BackendProvider.Refusal;
import dev.embedcl.backend.Backends.DeviceReport;
import dev.embedcl.backend.DeviceInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A survey of devices as text for people and as JSON for programs. */
final class DeviceListing {
  private static final List<String> HEADINGS =
      List.of("DEVICE", "TYPE", "NAME", "UNITS", "MEMORY", "LARGEST BUFFER", "PROFILE", "DRIVER");

  private DeviceListing() {}

  /**
   * Writes the usable devices as a table, the one {@code auto} takes marked with an asterisk, then
   * what cannot be used, each with cause and cure.
   */
  static void writeTable(List<DeviceReport> reports, PrintWriter out) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADINGS);
    List<String> marks = new ArrayList<>(List.of("  "));
    List<Refusal> refusals = new ArrayList<>();
    for (DeviceReport report : reports) {
      report.refusal().ifPresent(refusals::add);
      if (report.refusal().isEmpty()) {
        report.device().map(DeviceListing::row).ifPresent(rows::add);
        marks.add(report.auto() ? "* " : "  ");
      }
    }
    int[] widths = widths(rows);
    for (int i = 0; i < rows.size(); i++) {
      out.println(marks.get(i) + padded(rows.get(i), widths));
    }
    out.println();
    out.println("* taken by --device auto, the default");
    if (!refusals.isEmpty()) {
      out.println();
      out.println("Cannot be used:");
      for (Refusal refusal : refusals) {
        out.println("  " + refusal.subject() + ": " + ErrorReport.oneLine(refusal.cause()));
        out.println("    " + ErrorReport.oneLine(refusal.cure()));
      }
    }
  }

  /**
   * Writes one JSON object: {@code auto}, the selector of the device that {@code auto} takes (null
   * if there is none), {@code devices} with every property, and {@code refusals} of whole libraries
   * or platforms.
   */
  static void writeJson(List<DeviceReport> reports, PrintWriter out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.setPrettyPrinter(new DefaultPrettyPrinter());
      json.writeStartObject();
      json.writeStringField("auto", auto(reports).map(DeviceInfo::selector).orElse(null));
      json.writeArrayFieldStart("devices");
      for (DeviceReport report : reports) {
        if (report.device().isPresent()) {
          writeDevice(json, report.device().get(), report);
        }
      }
      json.writeEndArray();
      json.writeArrayFieldStart("refusals");
      for (DeviceReport report : reports) {
        if (report.device().isEmpty() && report.refusal().isPresent()) {
          json.writeStartObject();
          writeRefusal(json, report.refusal().get());
          json.writeEndObject();
        }
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    out.println();
  }

  private static Optional<DeviceInfo> auto(List<DeviceReport> reports) {
    return reports.stream()
        .filter(DeviceReport::auto)
        .flatMap(report -> report.device().stream())
        .findFirst();
  }

  private static List<String> row(DeviceInfo device) {
    return List.of(
        device.selector(),
        device.type().name().toLowerCase(Locale.ROOT),
        device.name(),
        Integer.toString(device.computeUnits()),
        bytes(device.memoryBytes()),
        bytes(device.maxAllocationBytes()),
        device.profile(),
        device.driver());
  }

  private static int[] widths(List<List<String>> rows) {
    int[] widths = new int[HEADINGS.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return widths;
  }

  private static String padded(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
    }
    return line.toString().stripTrailing();
  }

  private static void writeDevice(JsonGenerator json, DeviceInfo device, DeviceReport report)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("selector", device.selector());
    json.writeStringField("type", device.type().name().toLowerCase(Locale.ROOT));
    json.writeStringField("name", device.name());
    json.writeStringField("vendor", device.vendor());
    json.writeStringField("driver", device.driver());
    json.writeBooleanField("usable", report.refusal().isEmpty());
    json.writeBooleanField("auto", report.auto());
    json.writeNumberField("computeUnits", device.computeUnits());
    json.writeNumberField("memoryBytes", device.memoryBytes());
    json.writeNumberField("maxAllocationBytes", device.maxAllocationBytes());
    json.writeBooleanField("hostUnifiedMemory", device.hostUnifiedMemory());
    json.writeBooleanField("flushesSubnormals", device.flushesSubnormals());
    json.writeBooleanField("correctlyRoundedDivision", device.correctlyRoundedDivision());
    json.writeStringField("profile", device.profile());
    json.writeStringField("scatter", device.scatter());
    json.writeArrayFieldStart("details");
    for (String line : device.details().lines().toList()) {
      json.writeString(line);
    }
    json.writeEndArray();
    if (report.refusal().isPresent()) {
      json.writeObjectFieldStart("refusal");
      writeRefusal(json, report.refusal().get());
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  private static void writeRefusal(JsonGenerator json, Refusal refusal) throws IOException {
    json.writeStringField("subject", refusal.subject());
    json.writeStringField("cause", refusal.cause());
    json.writeStringField("cure", refusal.cure());
  }

  /** Returns a size with a unit: {@code 15.4 GiB}. */
  static String bytes(long bytes) {
    String[] units = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    double value = bytes;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
  }
}
