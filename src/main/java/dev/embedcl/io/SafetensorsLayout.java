package dev.embedcl.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where everything goes in a safetensors file to be written. Tensors are laid out as the format's
 * reference implementation does: by type, wide elements first, then by name; the header is padded
 * with spaces to 8 bytes, so that every tensor is aligned to its elements. Metadata is sorted by
 * key.
 */
final class SafetensorsLayout {
  private static final JsonFactory JSON = new JsonFactory();

  private final byte[] prefix;
  private final Map<String, TensorSection> sections = new LinkedHashMap<>();
  private final long bytes;

  /**
   * Lays out a file.
   *
   * @throws IllegalArgumentException if a name is taken twice, reserved or no valid Unicode, or if
   *     the header or the file becomes too large
   */
  SafetensorsLayout(Collection<TensorSpec> tensors, Map<String, String> metadata) {
    tensors.forEach(spec -> utf8(spec.name()));
    metadata.forEach((key, text) -> utf8(key + text));
    List<TensorSpec> ordered = new ArrayList<>(tensors);
    ordered.sort(
        Comparator.comparingInt((TensorSpec spec) -> SafetensorsHeader.ORDER.indexOf(spec.type()))
            .thenComparing(spec -> utf8(spec.name()), Arrays::compareUnsigned));
    byte[] header = utf8(header(ordered, metadata));
    int padding = -header.length & 7;
    checkHeader(header.length + (long) padding);
    prefix = new byte[SafetensorsHeader.LENGTH_BYTES + header.length + padding];
    Arrays.fill(prefix, (byte) ' ');
    ByteBuffer.wrap(prefix)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length + padding)
        .put(header);
    long end = prefix.length;
    for (TensorSpec spec : ordered) {
      if (sections.putIfAbsent(spec.name(), new TensorSection(spec, end)) != null) {
        throw new IllegalArgumentException(
            "two tensors are named " + Quoted.of(spec.name()) + "; names must differ");
      }
      end = sum(end, spec.bytes());
    }
    bytes = end;
  }

  /** Returns what comes before the data: the header's length and the header. */
  MemorySegment prefix() {
    return MemorySegment.ofArray(prefix);
  }

  /** Returns the tensors' places by name. */
  Map<String, TensorSection> sections() {
    return sections;
  }

  /** Returns the size of the whole file. */
  long bytes() {
    return bytes;
  }

  /** Refuses a header that readers would refuse. */
  static void checkHeader(long bytes) {
    if (bytes > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException(
          "the header takes "
              + bytes
              + " bytes, the format's limit is "
              + SafetensorsHeader.MAX_BYTES
              + "; shorten the metadata or spread the tensors over several files");
    }
  }

  private static String header(List<TensorSpec> ordered, Map<String, String> metadata) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long end = 0;
      for (TensorSpec spec : ordered) {
        if (spec.name().equals(SafetensorsHeader.METADATA)) {
          throw new IllegalArgumentException(
              "no tensor can be named " + SafetensorsHeader.METADATA + "; the format reserves it");
        }
        long begin = end;
        end = sum(end, spec.bytes());
        json.writeObjectFieldStart(spec.name());
        json.writeStringField("dtype", SafetensorsHeader.dtype(spec.type()));
        json.writeFieldName("shape");
        json.writeArray(spec.shape().sizes(), 0, spec.shape().rank());
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, end}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return text.toString();
  }

  private static byte[] utf8(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          Quoted.of(text) + " has half a surrogate pair and so no UTF-8 form; repair the text");
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static long sum(long bytes, long more) {
    try {
      return Math.addExact(bytes, more);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "the tensors take more than 2^63-1 bytes; spread them over several files", e);
    }
  }
}
