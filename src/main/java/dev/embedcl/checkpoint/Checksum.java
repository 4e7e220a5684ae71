package dev.embedcl.checkpoint;

import dev.embedcl.io.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli) as eight hexadecimal digits: processors compute it at the speed of memory,
 * and it finds every damage of up to 32 bits in a row and all but one in 2^32 of any other. It is
 * no protection against somebody who alters a file on purpose.
 */
final class Checksum {
  /** As long as any. */
  static final String NONE = "00000000";

  /** Bytes taken at a time; one slice has to fit a byte buffer. */
  private static final long SLICE_BYTES = 1 << 26;

  private final CRC32C crc = new CRC32C();

  void update(MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += SLICE_BYTES) {
      long some = Math.min(SLICE_BYTES, bytes.byteSize() - at);
      crc.update(bytes.asSlice(at, some).asByteBuffer());
    }
  }

  private void update(String text) {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    crc.update(bytes, 0, bytes.length);
  }

  String digits() {
    return String.format("%08x", crc.getValue());
  }

  static String of(MemorySegment bytes) {
    Checksum checksum = new Checksum();
    checksum.update(bytes);
    return checksum.digits();
  }

  /** Returns the checksum of a header: of the texts but its own, sorted, and of the tensors. */
  static String ofHeader(Map<String, String> metadata, Collection<TensorSpec> tensors) {
    Checksum checksum = new Checksum();
    new TreeMap<>(metadata)
        .forEach((key, text) -> {
          if (!key.equals(Keys.HEADER_CHECKSUM)) {
            checksum.update(key);
            checksum.update(text);
          }
        });
    tensors.stream()
        .sorted(Comparator.comparing(TensorSpec::name))
        .forEach(spec -> {
          checksum.update(spec.name());
          checksum.update(spec.type() + " " + spec.shape());
        });
    return checksum.digits();
  }
}
