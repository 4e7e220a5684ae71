package dev.embedcl.op;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Matrices of float64 for a test, with a pattern behind their elements that has to stay. */
final class DoubleMemory implements AutoCloseable {
  private static final int CANARIES = 64;
  private static final double CANARY = -1234.5;

  private final Backend backend;
  private final Map<DeviceBuffer, Integer> lengths = new LinkedHashMap<>();

  DoubleMemory(Backend backend) {
    this.backend = backend;
  }

  DeviceBuffer buffer(double... values) {
    double[] all = Arrays.copyOf(values, values.length + CANARIES);
    Arrays.fill(all, values.length, all.length, CANARY);
    DeviceBuffer buffer = backend.allocate(DType.FLOAT64, all.length);
    buffer.write(MemorySegment.ofArray(all));
    lengths.put(buffer, values.length);
    return buffer;
  }

  Matrix matrix(int columns, double... values) {
    return new Matrix(buffer(values), values.length / columns, columns);
  }

  double[] read(DeviceBuffer buffer) {
    int length = requireNonNull(lengths.get(buffer), "a buffer of another memory");
    double[] all = new double[length + CANARIES];
    buffer.read(MemorySegment.ofArray(all));
    assertThat(Arrays.copyOfRange(all, length, all.length)).as("canaries").containsOnly(CANARY);
    return Arrays.copyOf(all, length);
  }

  double[] read(Matrix matrix) {
    return read(matrix.buffer());
  }

  @Override
  public void close() {
    lengths.keySet().forEach(this::read);
    lengths.keySet().forEach(DeviceBuffer::close);
  }
}
