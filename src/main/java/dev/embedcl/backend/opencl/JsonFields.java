package dev.embedcl.backend.opencl;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON object, taken out one by one, each of a type that is asked for. */
final class JsonFields {
  private static final int LONGEST_TEXT = 1 << 14;

  /** Files are small and flat; what is not is refused. */
  static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNumberLength(20)
                  .maxStringLength(LONGEST_TEXT)
                  .maxDocumentLength(1 << 20)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final String label;
  private final Map<Object, @Nullable Object> left;

  /**
   * Takes over the fields of an object.
   *
   * @param label what messages call it
   * @throws IOException if the value is no object
   */
  JsonFields(String label, @Nullable Object value) throws IOException {
    if (!(value instanceof Map<?, ?> fields)) {
      throw new IOException(label + " must be a JSON object");
    }
    this.label = label;
    this.left = new LinkedHashMap<>(fields);
  }

  /** Reads a whole file, which is one object. */
  static JsonFields parse(Reader text) throws IOException {
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      JsonFields file = new JsonFields("the file", value(json));
      if (json.nextToken() != null) {
        throw new IOException("the file goes on after its end");
      }
      return file;
    } catch (JsonProcessingException e) {
      throw new IOException("not valid JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  /** Returns the value that begins at the current token: a map, a list, a text, a number, … */
  private static @Nullable Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String key = json.currentName();
          json.nextToken();
          fields.put(key, value(json));
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<@Nullable Object> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          values.add(value(json));
        }
        yield values;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null -> throw new IOException("the file is empty");
      default -> throw new IOException(json.getText() + " is no value that profiles have");
    };
  }

  String label() {
    return label;
  }

  JsonFields object(String name) throws IOException {
    return new JsonFields(label + ": " + name, take(name));
  }

  List<?> list(String name) throws IOException {
    if (take(name) instanceof List<?> values) {
      return values;
    }
    throw wrong(name, "a JSON array");
  }

  String text(String name) throws IOException {
    if (take(name) instanceof String text) {
      return text;
    }
    throw wrong(name, "a text");
  }

  /** Returns a text, or null where the field is missing. */
  @Nullable String textOrNull(String name) throws IOException {
    return left.containsKey(name) ? text(name) : null;
  }

  long number(String name) throws IOException {
    if (take(name) instanceof Long number) {
      return number;
    }
    throw wrong(name, "a whole number");
  }

  /** Returns a number, or null where the field is null. */
  @Nullable Long numberOrNull(String name) throws IOException {
    Object value = take(name);
    if (value == null || value instanceof Long) {
      return (Long) value;
    }
    throw wrong(name, "a whole number or null");
  }

  int integer(String name) throws IOException {
    long number = number(name);
    if (number != (int) number) {
      throw wrong(name, "a number below 2^31");
    }
    return (int) number;
  }

  boolean flag(String name) throws IOException {
    if (take(name) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, "true or false");
  }

  /** Throws if fields are left that nobody asked for. */
  void requireNoMore() throws IOException {
    if (!left.isEmpty()) {
      throw new IOException(label + " has unknown fields: " + left.keySet());
    }
  }

  private @Nullable Object take(String name) throws IOException {
    if (!left.containsKey(name)) {
      throw new IOException(label + " has no field '" + name + "'");
    }
    return left.remove(name);
  }

  private IOException wrong(String name, String expected) {
    return new IOException(label + ": " + name + " must be " + expected);
  }
}
