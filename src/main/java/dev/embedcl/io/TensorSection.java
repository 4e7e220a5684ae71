package dev.embedcl.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The stretch of a file that one tensor's data fills, front to back. */
final class TensorSection {
  private final TensorSpec spec;
  private final long begin;
  private long written;

  TensorSection(TensorSpec spec, long begin) {
    this.spec = spec;
    this.begin = begin;
  }

  /**
   * Writes the next bytes.
   *
   * @throws IllegalArgumentException if the chunk does not hold whole elements or is longer than
   *     what is left of the tensor
   */
  void append(AtomicFile file, MemorySegment chunk) throws IOException {
    long bytes = chunk.byteSize();
    if (bytes % spec.type().bytes() != 0) {
      throw new IllegalArgumentException(
          this
              + ": the chunk has "
              + bytes
              + " bytes, which are no whole elements of "
              + spec.type().bytes()
              + " bytes; split chunks between elements");
    }
    if (bytes > missing()) {
      throw new IllegalArgumentException(
          this
              + ": the chunk has "
              + bytes
              + " bytes, but only "
              + missing()
              + " of "
              + spec.bytes()
              + " are left to write; declare a larger shape");
    }
    file.write(begin + written, chunk);
    written += bytes; // after the write: a chunk that failed is written again in full
  }

  /**
   * Checks that the tensor is complete.
   *
   * @throws IllegalStateException if bytes are missing
   */
  void checkComplete() {
    if (missing() > 0) {
      throw new IllegalStateException(
          this
              + ": "
              + missing()
              + " of "
              + spec.bytes()
              + " bytes are missing; write them before finishing");
    }
  }

  private long missing() {
    return spec.bytes() - written;
  }

  @Override
  public String toString() {
    return "tensor " + Quoted.of(spec.name()) + " (" + spec.type() + ", " + spec.shape() + ")";
  }
}
