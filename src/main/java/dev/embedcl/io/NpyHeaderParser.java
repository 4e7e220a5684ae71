package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the Python dictionary in a NumPy file: the keys {@code descr}, {@code fortran_order} and
 * {@code shape}, once each, with a string, a truth value and a tuple of integers. Anything else of
 * Python's grammar is refused.
 */
final class NpyHeaderParser {
  /** Digits of the longest size worth parsing; 2^63-1 has 19. */
  private static final int MOST_DIGITS = 19;

  private final Path file;
  private final String text;
  private int at;

  NpyHeaderParser(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * Parses the whole header.
   *
   * @param dataOffset handed on into the result
   */
  NpyHeader parse(long dataOffset) throws MalformedFileException {
    String descr = null;
    Boolean fortranOrder = null;
    Shape shape = null;
    Set<String> seen = new HashSet<>();
    expect('{');
    while (!next('}')) {
      String key = string();
      if (!seen.add(key)) {
        throw malformed("has the key " + Quoted.of(key) + " twice");
      }
      expect(':');
      switch (key) {
        case "descr" -> descr = descr();
        case "fortran_order" -> fortranOrder = truth();
        case "shape" -> shape = shape();
        default -> throw malformed("has the unknown key " + Quoted.of(key));
      }
      if (!next(',')) {
        expect('}');
        break;
      }
    }
    skipSpace();
    if (at < text.length()) {
      throw unexpected("the end");
    }
    if (descr == null || fortranOrder == null || shape == null) {
      throw malformed("lacks one of the keys 'descr', 'fortran_order', 'shape'");
    }
    if (fortranOrder && ordersDiffer(shape)) {
      throw malformed(
          "says that the array is stored column by column (Fortran order), which cannot be read;"
              + " write it with numpy.save(file, numpy.ascontiguousarray(array))");
    }
    return new NpyHeader(type(descr), descr.charAt(0) == '>', shape, dataOffset);
  }

  private String descr() throws MalformedFileException {
    skipSpace();
    if (at < text.length() && text.charAt(at) == '[') {
      throw malformed(
          "describes a structured type, which cannot be read; save one field as array['name']");
    }
    return string();
  }

  private DType type(String descr) throws MalformedFileException {
    for (DType type : DType.values()) {
      if (type == DType.BFLOAT16) {
        continue;
      }
      String kind = NpyHeader.descr(type).substring(1);
      boolean ordered = descr.equals("<" + kind) || descr.equals(">" + kind);
      if (ordered || (type.bytes() == 1 && descr.equals("|" + kind))) {
        return type;
      }
    }
    throw malformed(
        "describes the element type "
            + Quoted.of(descr)
            + ", which cannot be read; convert with array.astype to one of f8, f4, f2, i8, i4, i2,"
            + " i1, u1, bool");
  }

  /** With at most one size above 1 both orders store the same bytes. */
  private static boolean ordersDiffer(Shape shape) {
    int wide = 0;
    for (long size : shape.sizes()) {
      wide += size > 1 ? 1 : 0;
    }
    return wide > 1 && shape.elements() > 0;
  }

  private boolean truth() throws MalformedFileException {
    skipSpace();
    for (boolean value : new boolean[] {true, false}) {
      String word = value ? "True" : "False";
      if (text.startsWith(word, at)) {
        at += word.length();
        return value;
      }
    }
    throw unexpected("True or False");
  }

  private Shape shape() throws MalformedFileException {
    List<Long> sizes = new ArrayList<>();
    boolean comma = true;
    expect('(');
    while (!next(')')) {
      if (!comma) {
        throw unexpected("',' or ')'");
      }
      if (sizes.size() == TensorSpec.MAX_RANK) {
        throw malformed("gives the shape more than " + TensorSpec.MAX_RANK + " dimensions");
      }
      sizes.add(size());
      comma = next(',');
    }
    if (sizes.size() == 1 && !comma) {
      throw malformed("gives the shape as a number; a tuple of one has a comma: (3,)");
    }
    try {
      return Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
    } catch (IllegalArgumentException e) {
      throw malformed("is impossible: " + e.getMessage(), e);
    }
  }

  private long size() throws MalformedFileException {
    skipSpace();
    int start = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("a size of 0 or more");
    }
    String digits = text.substring(start, at);
    if (at < text.length() && text.charAt(at) == 'L') {
      at++; // Python 2 wrote its long integers so
    }
    try {
      if (digits.length() <= MOST_DIGITS) {
        return Long.parseLong(digits);
      }
    } catch (NumberFormatException e) {
      throw tooLarge(digits, e);
    }
    throw tooLarge(digits, null);
  }

  private String string() throws MalformedFileException {
    skipSpace();
    char quote = at < text.length() ? text.charAt(at) : ' ';
    if (quote != '\'' && quote != '"') {
      throw unexpected("a string");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw malformed("has a string without end");
    }
    String string = text.substring(at + 1, end);
    if (string.indexOf('\\') >= 0) {
      throw malformed("has an escape in the string " + Quoted.of(string) + "; no key or type does");
    }
    at = end + 1;
    return string;
  }

  /** Moves behind the character if it comes next. */
  private boolean next(char wanted) {
    skipSpace();
    boolean found = at < text.length() && text.charAt(at) == wanted;
    at += found ? 1 : 0;
    return found;
  }

  private void expect(char wanted) throws MalformedFileException {
    if (!next(wanted)) {
      throw unexpected("'" + wanted + "'");
    }
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private MalformedFileException unexpected(String wanted) {
    String found = at < text.length() ? Quoted.of(text.substring(at, at + 1)) : "its end";
    return malformed("has " + found + " at character " + at + " instead of " + wanted);
  }

  private MalformedFileException tooLarge(String digits, @Nullable Exception cause) {
    return malformed(
        "gives a size of " + Quoted.plain(digits, 40) + ", the limit is 2^63-1", cause);
  }

  private MalformedFileException malformed(String detail) {
    return malformed(detail, null);
  }

  private MalformedFileException malformed(String detail, @Nullable Exception cause) {
    String message = "the NumPy header " + detail;
    return cause == null
        ? new MalformedFileException(file, message)
        : new MalformedFileException(file, message, cause);
  }
}
