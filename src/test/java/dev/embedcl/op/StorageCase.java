package dev.embedcl.op;

import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.memory.DType;
import java.math.BigInteger;

/** How a table is stored and what it stores is rounded, with the rounding once more. */
enum StorageCase {
  FLOAT32(DType.FLOAT32, false),
  FLOAT16(DType.FLOAT16, false),
  BFLOAT16(DType.BFLOAT16, false),
  FLOAT16_STOCHASTIC(DType.FLOAT16, true),
  BFLOAT16_STOCHASTIC(DType.BFLOAT16, true);

  private static final long SEED = 0x8123_4567_89ab_cdefL;
  private static final long STEP = 0x1_0000_0003L;

  private final DType type;
  private final boolean stochastic;

  StorageCase(DType type, boolean stochastic) {
    this.type = type;
    this.stochastic = stochastic;
  }

  DType type() {
    return type;
  }

  /** Returns the update with this rounding. */
  RowUpdate rounding(RowUpdate formula) {
    return stochastic ? new StochasticUpdate(formula, SEED, STEP) : formula;
  }

  /** Returns the nearest number that the type has. */
  float nearest(float value) {
    return StoredNumbers.widen(type, StoredNumbers.narrow(type, value));
  }

  /** Returns what the type keeps of the result at an element of a table. */
  float rounded(float value, long element) {
    if (!stochastic) {
      return nearest(value);
    }
    int random = philox(SEED, element / 4, STEP)[(int) (element % 4)];
    return StoredNumbers.widen(type, StoredNumbers.narrowStochastically(type, value, random));
  }

  /** Philox4x32-10 in whole numbers of any size, as its paper has it. */
  static int[] philox(long key, long low, long high) {
    int[] c = {(int) low, (int) (low >>> 32), (int) high, (int) (high >>> 32)};
    int[] k = {(int) key, (int) (key >>> 32)};
    for (int round = 0; round < 10; round++) {
      BigInteger p0 = product(0xd2511f53, c[0]);
      BigInteger p1 = product(0xcd9e8d57, c[2]);
      c =
          new int[] {
            p1.shiftRight(32).intValue() ^ c[1] ^ k[0],
            p1.intValue(),
            p0.shiftRight(32).intValue() ^ c[3] ^ k[1],
            p0.intValue()
          };
      k[0] += 0x9e3779b9;
      k[1] += 0xbb67ae85;
    }
    return c;
  }

  private static BigInteger product(int a, int b) {
    return BigInteger.valueOf(Integer.toUnsignedLong(a))
        .multiply(BigInteger.valueOf(Integer.toUnsignedLong(b)));
  }
}
