package dev.embedcl.io;

import dev.embedcl.io.SafetensorsHeader.Entry;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rules that tie a safetensors header to the file's data: every tensor inside it and as long as
 * its shape says, and together exactly all of it.
 *
 * @param file the file; for messages
 * @param dataBytes the size of the data behind the header
 */
record SafetensorsCheck(Path file, long dataBytes) {

  /** Checks one tensor by itself; all numbers are 0 or more. */
  Entry entry(String name, String dtype, long[] sizes, long begin, long end)
      throws MalformedFileException {
    String label = "tensor " + Quoted.of(name);
    if (begin > end) {
      throw malformed(label + ": data_offsets begin at " + begin + " and end at " + end);
    }
    if (end > dataBytes) {
      throw malformed(
          label
              + " ends at byte "
              + end
              + " of the data, but the file has only "
              + dataBytes
              + " bytes of it; it is incomplete: fetch or write it again");
    }
    DType type = SafetensorsHeader.type(dtype);
    Shape shape = shape(label, sizes);
    // Without a type of ours the size of an element is unknown, and the data is not handed out.
    if (type != null && bytes(type, shape) != end - begin) {
      throw malformed(
          label
              + ": data_offsets span "
              + (end - begin)
              + " bytes, but "
              + dtype
              + " of shape "
              + shape
              + " takes "
              + (bytes(type, shape) < 0 ? "more than 2^63-1" : bytes(type, shape)));
    }
    return new Entry(name, dtype, type, shape, begin, end);
  }

  /** Checks that the tensors cover the data without gap, overlap or rest; sorts them by place. */
  Map<String, Entry> inDataOrder(List<Entry> entries) throws MalformedFileException {
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    Map<String, Entry> byName = new LinkedHashMap<>();
    long covered = 0;
    for (Entry entry : entries) {
      if (entry.begin() != covered) {
        throw malformed(
            "tensor "
                + Quoted.of(entry.name())
                + " begins at byte "
                + entry.begin()
                + " of the data, but the tensors before it end at byte "
                + covered
                + "; the format allows neither gaps nor overlaps");
      }
      covered = entry.end();
      byName.put(entry.name(), entry);
    }
    if (covered != dataBytes) {
      throw malformed(
          (dataBytes - covered)
              + " bytes follow the last tensor, which ends at byte "
              + covered
              + " of the data; the format allows none");
    }
    return Collections.unmodifiableMap(byName);
  }

  private Shape shape(String label, long[] sizes) throws MalformedFileException {
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(file, label + ": " + e.getMessage(), e);
    }
  }

  /** Returns the size in bytes, or -1 if a long cannot hold it. */
  private static long bytes(DType type, Shape shape) {
    boolean fits = shape.elements() <= Long.MAX_VALUE / type.bytes();
    return fits ? shape.elements() * type.bytes() : -1;
  }

  private MalformedFileException malformed(String detail) {
    return new MalformedFileException(file, detail);
  }
}
