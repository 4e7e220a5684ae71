package dev.embedcl.backend.cpu;

/**
 * Philox4x32-10, random numbers that are a function of a counter and a key; see {@link
 * dev.embedcl.op.StochasticUpdate}.
 */
final class Philox {
  /** Words of 32 bits that one counter gives. */
  static final int WORDS = 4;

  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xd2511f53L;
  private static final long MULTIPLIER_2 = 0xcd9e8d57L;
  private static final int KEY_STEP_0 = 0x9e3779b9;
  private static final int KEY_STEP_1 = 0xbb67ae85;
  private static final long LOW = 0xffffffffL;

  private Philox() {}

  /**
   * Writes the words of elements that follow each other.
   *
   * @param element the first element's number
   * @param target has room for {@code count + 6} words
   * @return where the first element's word stands in {@code target}; the others follow
   */
  static int fill(long seed, long step, long element, int count, int[] target) {
    int first = (int) (element % WORDS);
    long block = element / WORDS;
    for (int at = 0; at < first + count; at += WORDS) {
      words(seed, block, step, target, at);
      block++;
    }
    return first;
  }

  /** Writes the four words of the counter (low, high), each of 64 bits, from {@code at} on. */
  static void words(long key, long low, long high, int[] target, int at) {
    long c0 = low & LOW;
    long c1 = low >>> 32;
    long c2 = high & LOW;
    long c3 = high >>> 32;
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = c0 * MULTIPLIER_0;
      long product2 = c2 * MULTIPLIER_2;
      c0 = (product2 >>> 32) ^ c1 ^ (k0 & LOW);
      c1 = product2 & LOW;
      c2 = (product0 >>> 32) ^ c3 ^ (k1 & LOW);
      c3 = product0 & LOW;
      k0 += KEY_STEP_0;
      k1 += KEY_STEP_1;
    }
    target[at] = (int) c0;
    target[at + 1] = (int) c1;
    target[at + 2] = (int) c2;
    target[at + 3] = (int) c3;
  }
}
