package dev.embedcl.backend.opencl;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON object, taken out one by one, each of a type that is asked for. */
final class JsonFields {
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
