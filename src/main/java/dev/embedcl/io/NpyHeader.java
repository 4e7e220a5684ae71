package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What comes before the data of a NumPy file: magic, version, length and a Python dictionary.
 *
 * <p>Format: <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">
 * numpy.lib.format</a>.
 *
 * @param type the element type
 * @param bigEndian whether the elements' bytes are stored most significant first
 * @param shape the shape
 * @param dataOffset the first byte of the data
 */
record NpyHeader(DType type, boolean bigEndian, Shape shape, long dataOffset) {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** Bytes of magic and version. */
  private static final int START_BYTES = 8;

  /** More than a plain array's header ever takes; only structured types need more. */
  private static final long MAX_BYTES = 1 << 20;

  private static final int ALIGNMENT_BYTES = 64;

  /** NumPy leaves room to rewrite the first size in place, up to this many digits. */
  private static final int GROWTH_DIGITS = 21;

  /** Reads and checks the start of a file. */
  static NpyHeader parse(MappedFile file) throws MalformedFileException {
    byte[] start = bytes(file, 0, START_BYTES);
    if (!Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      boolean zip = start[0] == 'P' && start[1] == 'K';
      throw malformed(
          file,
          zip
              ? "is a zip archive (.npz?); unpack it and name one of the .npy files in it"
              : "does not start as a NumPy file does; write it with numpy.save");
    }
    int version = start[6];
    if (version < 1 || version > 3 || start[7] != 0) {
      throw malformed(
          file,
          "has format version "
              + (version & 0xff)
              + "."
              + (start[7] & 0xff)
              + "; versions 1.0, 2.0 and 3.0 can be read: write it with numpy.save");
    }
    int lengthBytes = version == 1 ? 2 : 4;
    byte[] length = bytes(file, START_BYTES, lengthBytes);
    long headerBytes = 0;
    for (int i = lengthBytes - 1; i >= 0; i--) {
      headerBytes = headerBytes << 8 | (length[i] & 0xff);
    }
    if (headerBytes > MAX_BYTES) {
      throw malformed(
          file,
          "gives its header " + headerBytes + " bytes, the limit is " + MAX_BYTES + "; damaged?");
    }
    long dataOffset = START_BYTES + lengthBytes + headerBytes;
    String text = text(file, bytes(file, START_BYTES + lengthBytes, headerBytes), version);
    return new NpyHeaderParser(file.path(), text).parse(dataOffset);
  }

  /** Returns the start of a file, byte for byte as NumPy from 1.23 on writes it. */
  static MemorySegment render(DType type, Shape shape) {
    String sizes =
        Arrays.stream(shape.sizes()).mapToObj(Long::toString).collect(Collectors.joining(", "));
    String comma = shape.rank() == 1 ? "," : "";
    String dictionary =
        String.format(
            Locale.ROOT,
            "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }",
            descr(type),
            sizes,
            comma);
    int growth = shape.rank() == 0 ? 0 : GROWTH_DIGITS - Long.toString(shape.size(0)).length();
    int lengthBytes = 2; // at most TensorSpec.MAX_RANK sizes: version 1.0 is always wide enough
    int used = START_BYTES + lengthBytes + dictionary.length() + growth + 1;
    // As NumPy does it: a header that ends on the boundary gets 64 bytes more.
    int total = used + ALIGNMENT_BYTES - used % ALIGNMENT_BYTES;
    byte[] bytes = new byte[total];
    Arrays.fill(bytes, (byte) ' ');
    System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
    bytes[6] = 1;
    bytes[7] = 0;
    MemorySegment segment = MemorySegment.ofArray(bytes);
    segment.set(
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
        START_BYTES,
        (short) (total - START_BYTES - lengthBytes));
    byte[] ascii = dictionary.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, START_BYTES + lengthBytes, ascii.length);
    bytes[total - 1] = '\n';
    return segment;
  }

  /**
   * Returns NumPy's name of a type.
   *
   * @throws IllegalArgumentException for {@link DType#BFLOAT16}, which NumPy does not have
   */
  static String descr(DType type) {
    return switch (type) {
      case FLOAT64 -> "<f8";
      case FLOAT32 -> "<f4";
      case FLOAT16 -> "<f2";
      case BFLOAT16 ->
          throw new IllegalArgumentException(
              "NumPy files cannot hold BFLOAT16; convert to FLOAT32 or write a safetensors file");
      case INT64 -> "<i8";
      case INT32 -> "<i4";
      case INT16 -> "<i2";
      case INT8 -> "|i1";
      case UINT8 -> "|u1";
      case BOOL -> "|b1";
    };
  }

  private static byte[] bytes(MappedFile file, long offset, long bytes)
      throws MalformedFileException {
    if (offset + bytes > file.bytes()) {
      throw malformed(
          file,
          "ends after "
              + file.bytes()
              + " bytes, inside its header, which reaches to byte "
              + (offset + bytes)
              + "; it is no NumPy file or incomplete: fetch or write it again");
    }
    return file.slice(offset, bytes).toArray(ValueLayout.JAVA_BYTE);
  }

  private static String text(MappedFile file, byte[] header, int version)
      throws MalformedFileException {
    if (version < 3) {
      return new String(header, StandardCharsets.ISO_8859_1);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(file.path(), "the header is not valid UTF-8", e);
    }
  }

  private static MalformedFileException malformed(MappedFile file, String detail) {
    return new MalformedFileException(file.path(), detail);
  }
}
