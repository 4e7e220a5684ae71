package dev.embedcl.backend.opencl;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.embedcl.opencl.DeviceType;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Launch profiles as JSON. A file is a format number, a comment, and either {@code profiles}, each
 * with what it matches, or one {@code profile} with the device it was measured on. Files are not
 * trusted: whatever is missing, unknown or out of range is an {@link IOException} that says so.
 */
final class ProfileFormat {
  /** A change of meaning gets another number. */
  private static final int FORMAT = 1;

  private ProfileFormat() {}

  /**
   * A profile that was measured.
   *
   * @param library the version of the library that measured it
   * @param device the device's name
   * @param vendor its vendor
   * @param platform the platform's name
   * @param driver the driver's version
   */
  record Tuned(
      String library,
      String device,
      String vendor,
      String platform,
      String driver,
      LaunchProfile profile) {}

  /** Reads {@code profiles}, in their order. */
  static ProfileCatalog readCatalog(Reader text) throws IOException {
    List<ProfileCatalog.Entry> entries = new ArrayList<>();
    JsonFields file = JsonFields.parse(text);
    requireFormat(file);
    for (Object each : file.list("profiles")) {
      JsonFields fields = new JsonFields("profiles[" + entries.size() + "]", each);
      JsonFields match = fields.object("match");
      ProfileMatch wanted =
          new ProfileMatch(
              type(match),
              match.textOrNull("vendor"),
              match.textOrNull("architecture"),
              name(match));
      match.requireNoMore();
      entries.add(new ProfileCatalog.Entry(wanted, profile(fields, fields.text("name"))));
    }
    file.requireNoMore();
    return new ProfileCatalog(entries);
  }

  /** Reads one measured profile. */
  static Tuned readTuned(Reader text) throws IOException {
    JsonFields file = JsonFields.parse(text);
    requireFormat(file);
    Tuned tuned =
        new Tuned(
            file.text("library"),
            file.text("device"),
            file.text("vendor"),
            file.text("platform"),
            file.text("driver"),
            profile(file.object("profile"), "tuned"));
    file.requireNoMore();
    return tuned;
  }

  /** Writes one measured profile, as {@link #readTuned} reads it. */
  static String writeTuned(Tuned tuned, String comment) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JsonFields.JSON.createGenerator(text)) {
      // The same on every system: the file is for programs first.
      json.setPrettyPrinter(
          new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
      json.writeStartObject();
      json.writeNumberField("format", FORMAT);
      json.writeStringField("comment", comment);
      json.writeStringField("library", tuned.library);
      json.writeStringField("device", tuned.device);
      json.writeStringField("vendor", tuned.vendor);
      json.writeStringField("platform", tuned.platform);
      json.writeStringField("driver", tuned.driver);
      json.writeObjectFieldStart("profile");
      LaunchProfile profile = tuned.profile;
      json.writeNumberField("vectorBytes", profile.vectorBytes());
      json.writeBooleanField("unalignedVectors", profile.unalignedVectors());
      json.writeNumberField("workGroupItems", profile.workGroupItems());
      json.writeNumberField("maxRowGroups", profile.maxRowGroups());
      writeBytes(json, "streamingBytes", profile.streamingBytes());
      json.writeNumberField("rowsInFlight", profile.rowsInFlight());
      json.writeNumberField("bagRowsInFlight", profile.bagRowsInFlight());
      writeBytes(json, "asideBytes", profile.asideBytes());
      json.writeBooleanField("pinnedStaging", profile.pinnedStaging());
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot be written", e);
    }
    return text.append('\n').toString();
  }

  /** Writes a number of bytes from which on something is done, or null where it never is. */
  private static void writeBytes(JsonGenerator json, String name, long bytes) throws IOException {
    json.writeFieldName(name);
    if (bytes == LaunchProfile.NEVER) {
      json.writeNull();
    } else {
      json.writeNumber(bytes);
    }
  }

  private static long readBytes(JsonFields fields, String name) throws IOException {
    Long bytes = fields.numberOrNull(name);
    return bytes == null ? LaunchProfile.NEVER : bytes;
  }

  private static void requireFormat(JsonFields file) throws IOException {
    long format = file.number("format");
    if (format != FORMAT) {
      throw new IOException("format = " + format + "; this version reads " + FORMAT);
    }
    file.textOrNull("comment");
  }

  private static LaunchProfile profile(JsonFields fields, String name) throws IOException {
    fields.textOrNull("comment");
    try {
      LaunchProfile profile =
          new LaunchProfile(
              name,
              fields.integer("vectorBytes"),
              fields.flag("unalignedVectors"),
              fields.integer("workGroupItems"),
              fields.integer("maxRowGroups"),
              readBytes(fields, "streamingBytes"),
              fields.integer("rowsInFlight"),
              fields.integer("bagRowsInFlight"),
              readBytes(fields, "asideBytes"),
              fields.flag("pinnedStaging"));
      fields.requireNoMore();
      return profile;
    } catch (IllegalArgumentException e) {
      throw new IOException(fields.label() + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable DeviceType type(JsonFields match) throws IOException {
    String text = match.textOrNull("type");
    if (text == null) {
      return null;
    }
    try {
      return DeviceType.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          match.label() + ": type = '" + text + "' is none of cpu, gpu, accelerator, custom", e);
    }
  }

  private static @Nullable Pattern name(JsonFields match) throws IOException {
    String text = match.textOrNull("name");
    try {
      return text == null ? null : Pattern.compile(text, Pattern.CASE_INSENSITIVE);
    } catch (PatternSyntaxException e) {
      throw new IOException(match.label() + ": name = '" + text + "' is no regular expression", e);
    }
  }
}
