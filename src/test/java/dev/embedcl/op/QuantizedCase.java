package dev.embedcl.op;

import dev.embedcl.backend.TestMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Random quantised rows: their bytes, and the numbers that they stand for in the plainest Java. */
final class QuantizedCase {
  private final int dim;

  /** The rows one after the other, each with scale and offset behind it. */
  private final byte[] bytes;

  /** [rows, dim]. */
  private final float[] numbers;

  private QuantizedCase(int dim, byte[] bytes, float[] numbers) {
    this.dim = dim;
    this.bytes = bytes;
    this.numbers = numbers;
  }

  static QuantizedCase random(SplittableRandom random, int rows, int dim) {
    ByteBuffer bytes = ByteBuffer.allocate(rows * (dim + 8)).order(ByteOrder.LITTLE_ENDIAN);
    float[] numbers = new float[rows * dim];
    float[] tails = TestBatch.numbers(random, 2 * rows);
    for (int row = 0; row < rows; row++) {
      for (int d = 0; d < dim; d++) {
        int q = random.nextInt(256);
        bytes.put((byte) q);
        float product = q * tails[2 * row];
        numbers[row * dim + d] = product + tails[2 * row + 1];
      }
      bytes.putFloat(tails[2 * row]).putFloat(tails[2 * row + 1]);
    }
    return new QuantizedCase(dim, bytes.array(), numbers);
  }

  float[] numbers() {
    return numbers;
  }

  /** Returns the rows on a device. */
  QuantizedMatrix table(TestMemory memory) {
    return new QuantizedMatrix(memory.bytes(bytes), numbers.length / dim, dim);
  }
}
