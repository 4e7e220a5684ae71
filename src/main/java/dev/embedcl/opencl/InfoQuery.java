package dev.embedcl.opencl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jocl.Pointer;
import org.jspecify.annotations.Nullable;

/** Reads the properties that OpenCL objects answer as bytes: numbers, texts, lists. */
final class InfoQuery {
  /** One of the {@code clGet…Info} functions, applied to one object. */
  @FunctionalInterface
  interface Getter {
    int get(int parameter, long bytes, @Nullable Pointer value, long @Nullable [] bytesReturned);
  }

  private final String call;
  private final Getter getter;

  InfoQuery(String call, Getter getter) {
    this.call = call;
    this.getter = getter;
  }

  /** Reads a property of any size. */
  byte[] bytes(int parameter) {
    long[] size = new long[1];
    JoclCall.check(call, () -> getter.get(parameter, 0, null, size));
    byte[] value = new byte[Math.toIntExact(size[0])];
    if (value.length > 0) {
      JoclCall.check(call, () -> getter.get(parameter, value.length, Pointer.to(value), null));
    }
    return value;
  }

  /** Reads a text without its terminating zero and surrounding blanks. */
  String text(int parameter) {
    byte[] value = bytes(parameter);
    int length = 0;
    while (length < value.length && value[length] != 0) {
      length++;
    }
    return new String(value, 0, length, StandardCharsets.UTF_8).strip();
  }

  /** Reads a {@code cl_uint}, {@code cl_ulong}, {@code size_t}, {@code cl_bool} or bit field. */
  long number(int parameter) {
    ByteBuffer value = ByteBuffer.wrap(bytes(parameter)).order(ByteOrder.nativeOrder());
    return value.capacity() == Integer.BYTES
        ? Integer.toUnsignedLong(value.getInt(0))
        : value.getLong(0);
  }

  /** Reads a text that a device of an old version may not know. */
  String text(int parameter, String otherwise) {
    try {
      return text(parameter);
    } catch (OpenClException e) {
      return otherwise;
    }
  }

  /** Reads a number that a device of an old version may not know. */
  long number(int parameter, long otherwise) {
    try {
      return number(parameter);
    } catch (OpenClException e) {
      return otherwise;
    }
  }
}
