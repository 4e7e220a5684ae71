package dev.embedcl.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.embedcl.io.SafetensorsHeader.Entry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON header of a safetensors file. The file is not trusted: the depth of the JSON and
 * the length of its numbers are bounded, and {@link SafetensorsCheck} checks what they say.
 *
 * <p>Format: <a href="https://github.com/huggingface/safetensors#format">safetensors, Format</a>.
 */
final class SafetensorsHeaderParser {
  /** A header needs three levels; unknown fields may need a few of their own. */
  private static final int DEEPEST = 16;

  /** Digits of the longest number worth naming in a message; 2^63-1 has 19. */
  private static final int LONGEST_NUMBER = 40;

  /** Keys in the whole header: over 250,000 tensors, yet no danger to a small Java heap. */
  private static final int MOST_KEYS = 1 << 20;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNumberLength(LONGEST_NUMBER)
                  .maxNameLength(SafetensorsHeader.MAX_BYTES)
                  .maxStringLength(SafetensorsHeader.MAX_BYTES)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names come from the file: none may stay in a table shared by all parsers.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private final Path file;
  private final SafetensorsCheck check;
  private final List<Entry> entries = new ArrayList<>();
  private Map<String, String> metadata = Map.of();
  private int keys;

  private SafetensorsHeaderParser(Path file, long dataBytes) {
    this.file = file;
    this.check = new SafetensorsCheck(file, dataBytes);
  }

  /**
   * Parses a header.
   *
   * @param header the bytes between the length and the data
   * @param dataBytes the size of the data behind the header
   * @throws MalformedFileException if the header breaks a rule of the format or does not fit the
   *     data
   */
  static SafetensorsHeader parse(Path file, byte[] header, long dataBytes) throws IOException {
    SafetensorsHeaderParser parser = new SafetensorsHeaderParser(file, dataBytes);
    // A strict decoder of our own: given bytes, the JSON parser would guess at UTF-16 and UTF-32.
    try (JsonParser json =
        JSON.createParser(
            new InputStreamReader(
                new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder()))) {
      parser.readHeader(json);
    } catch (JsonProcessingException e) {
      throw parser.malformed(
          "the header is not valid JSON (" + Quoted.plain(e.getOriginalMessage(), 200) + ")", e);
    } catch (CharacterCodingException e) {
      throw parser.malformed("the header is not valid UTF-8", e);
    }
    return new SafetensorsHeader(parser.check.inDataOrder(parser.entries), parser.metadata);
  }

  private void readHeader(JsonParser json) throws IOException {
    json.nextToken();
    expect(json, JsonToken.START_OBJECT, "the header");
    while (nextKey(json)) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals(SafetensorsHeader.METADATA)) {
        metadata = readMetadata(json);
      } else {
        entries.add(readEntry(json, name));
      }
    }
    if (json.nextToken() != null) {
      throw malformed("the header goes on after its closing brace; only spaces may follow");
    }
  }

  private Map<String, String> readMetadata(JsonParser json) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    expect(json, JsonToken.START_OBJECT, SafetensorsHeader.METADATA);
    while (nextKey(json)) {
      String key = json.currentName();
      json.nextToken();
      expect(json, JsonToken.VALUE_STRING, SafetensorsHeader.METADATA + " " + Quoted.of(key));
      texts.put(key, json.getText());
    }
    return Collections.unmodifiableMap(texts);
  }

  private Entry readEntry(JsonParser json, String name) throws IOException {
    String label = "tensor " + Quoted.of(name);
    String dtype = null;
    long[] shape = null;
    long[] offsets = null;
    expect(json, JsonToken.START_OBJECT, label);
    while (nextKey(json)) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "dtype" -> {
          expect(json, JsonToken.VALUE_STRING, label + ": dtype");
          dtype = json.getText();
        }
        case "shape" -> shape = readSizes(json, label + ": shape", TensorSpec.MAX_RANK);
        case "data_offsets" -> offsets = readSizes(json, label + ": data_offsets", 2);
        default -> skip(json); // as the reference implementation does
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
      throw malformed(label + " lacks a dtype, a shape or a pair of data_offsets");
    }
    return check.entry(name, dtype, shape, offsets[0], offsets[1]);
  }

  private long[] readSizes(JsonParser json, String label, int most) throws IOException {
    long[] sizes = new long[most];
    int count = 0;
    expect(json, JsonToken.START_ARRAY, label);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (count == most) {
        throw malformed(label + " has more than " + most + " numbers");
      }
      expect(json, JsonToken.VALUE_NUMBER_INT, label + "[" + count + "]");
      if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER || json.getLongValue() < 0) {
        throw malformed(
            label + "[" + count + "] = " + json.getText() + " is out of range [0, 2^63)");
      }
      sizes[count++] = json.getLongValue();
    }
    return Arrays.copyOf(sizes, count);
  }

  private boolean nextKey(JsonParser json) throws IOException {
    boolean found = json.nextToken() == JsonToken.FIELD_NAME;
    if (found) {
      countKey();
    }
    return found;
  }

  /** Skips a value; unlike the JSON parser's own skipping this counts the keys in it. */
  private void skip(JsonParser json) throws IOException {
    int depth = 0;
    for (JsonToken token = json.currentToken(); token != null; token = json.nextToken()) {
      switch (token) {
        case START_OBJECT, START_ARRAY -> depth++;
        case END_OBJECT, END_ARRAY -> depth--;
        case FIELD_NAME -> countKey();
        default -> {} // a plain value
      }
      if (depth == 0) {
        return;
      }
    }
  }

  /** The JSON parser remembers every key of an open object, to find those that come twice. */
  private void countKey() throws MalformedFileException {
    if (++keys > MOST_KEYS) {
      throw malformed(
          "the header has more than " + MOST_KEYS + " keys; spread the tensors over several files");
    }
  }

  private void expect(JsonParser json, JsonToken wanted, String label) throws IOException {
    JsonToken found = json.currentToken();
    if (found != wanted) {
      throw malformed(label + " must be a JSON " + words(wanted) + ", not " + words(found));
    }
  }

  private static String words(@Nullable JsonToken token) {
    return switch (token) {
      case null -> "nothing";
      case START_OBJECT -> "object";
      case START_ARRAY -> "array";
      case VALUE_STRING -> "string";
      case VALUE_NUMBER_INT -> "integer";
      case VALUE_NUMBER_FLOAT -> "fraction";
      case VALUE_NULL -> "null";
      default -> "another value";
    };
  }

  private MalformedFileException malformed(String detail) {
    return new MalformedFileException(file, detail);
  }

  private MalformedFileException malformed(String detail, Exception cause) {
    return new MalformedFileException(file, detail, cause);
  }
}
