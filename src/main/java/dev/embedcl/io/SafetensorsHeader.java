package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the header of a safetensors file says, checked against the size of the file.
 *
 * @param entries the tensors by name, in the order of their data
 * @param metadata the file's free texts
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
  /** The key beside the tensors' names that holds the free texts. */
  static final String METADATA = "__metadata__";

  /** Bytes before the header: its length, little-endian. */
  static final int LENGTH_BYTES = 8;

  /** The longest header that the format's reference implementation accepts. */
  static final int MAX_BYTES = 100_000_000;

  /**
   * The types in the order in which the reference implementation lays tensors out. Sizes never
   * rise, so that every tensor is aligned to its elements when the data starts on 8 bytes.
   */
  static final List<DType> ORDER =
      List.of(
          DType.INT64,
          DType.FLOAT64,
          DType.FLOAT32,
          DType.INT32,
          DType.BFLOAT16,
          DType.FLOAT16,
          DType.INT16,
          DType.INT8,
          DType.UINT8,
          DType.BOOL);

  /**
   * One tensor.
   *
   * @param dtype the type as the file names it
   * @param type the type, or null if this library has no such type
   * @param begin the first byte, counted from the end of the header
   * @param end the byte behind the last
   */
  record Entry(
      String name, String dtype, @Nullable DType type, Shape shape, long begin, long end) {}

  /** Returns the format's name of a type. */
  static String dtype(DType type) {
    return switch (type) {
      case FLOAT64 -> "F64";
      case FLOAT32 -> "F32";
      case FLOAT16 -> "F16";
      case BFLOAT16 -> "BF16";
      case INT64 -> "I64";
      case INT32 -> "I32";
      case INT16 -> "I16";
      case INT8 -> "I8";
      case UINT8 -> "U8";
      case BOOL -> "BOOL";
    };
  }

  /** Returns the type of this name, or null if this library has no such type. */
  static @Nullable DType type(String dtype) {
    for (DType type : ORDER) {
      if (dtype(type).equals(dtype)) {
        return type;
      }
    }
    return null;
  }
}
