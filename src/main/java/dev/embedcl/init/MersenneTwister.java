package dev.embedcl.init;

/**
 * The Mersenne Twister MT19937 with 32-bit output (Matsumoto and Nishimura, "Mersenne Twister: a
 * 623-dimensionally equidistributed uniform pseudo-random number generator", 1998, with the seeding
 * of 2002), cut so that its state can be exchanged with PyTorch's.
 *
 * <p>Words are made 624 at a time and handed out in bulk, in loops that a compiler can turn into
 * vector instructions.
 */
final class MersenneTwister {
  /** Words of state, and words made per refill. */
  static final int STATE_WORDS = 624;

  private static final int SHIFT_WORDS = 397;

  /** Words that do not depend on others made by the same refill. */
  private static final int LAG = STATE_WORDS - SHIFT_WORDS;

  /** Refills in short slices, and words in one; see {@link NormalBlocks}. */
  private static final int FIRST_REFILLS = 200;

  private static final int FIRST_SLICE = 16;

  private static final int MATRIX = 0x9908B0DF;
  private static final int UPPER_BIT = 0x80000000;
  private static final int LOWER_BITS = 0x7FFFFFFF;
  private static final int SEED_MULTIPLIER = 1812433253;

  private int[] words = new int[STATE_WORDS];

  /**
   * The other array of the pair: a refill reads one and writes one, which is what can be
   * vectorized.
   */
  private int[] spare = new int[STATE_WORDS];

  /**
   * Index of the next word to hand out. Both 0 (just seeded) and 624 (all used) ask for a refill.
   */
  private int next;

  private static int firstRefills;

  /** Starts over from the lower 32 bits of {@code seed}. */
  void seed(long seed) {
    words[0] = (int) seed;
    for (int j = 1; j < STATE_WORDS; j++) {
      words[j] = SEED_MULTIPLIER * (words[j - 1] ^ (words[j - 1] >>> 30)) + j;
    }
    next = 0;
  }

  /** Returns the next 32 bits of the stream. */
  int nextInt() {
    refillIfEmpty();
    return temper(words[next++]);
  }

  /**
   * Fills {@code target[0, length)} with the next floats of the stream, each the lower 24 bits of a
   * word times 2^-24.
   */
  void fillUniform(float[] target, int length) {
    int filled = 0;
    while (filled < length) {
      refillIfEmpty();
      int count = Math.min(length - filled, STATE_WORDS - next);
      uniforms(words, next, target, filled, count);
      next += count;
      filled += count;
    }
  }

  /** Returns a copy of the 624 words of state. */
  int[] words() {
    return words.clone();
  }

  /** Returns the index of the next word to hand out: 0 just after seeding, else in [1, 624]. */
  int next() {
    return next;
  }

  /** Takes over a state that {@link #words} and {@link #next} gave. */
  void restore(int[] savedWords, int savedNext) {
    System.arraycopy(savedWords, 0, words, 0, STATE_WORDS);
    next = savedNext;
  }

  private void refillIfEmpty() {
    if (next == 0 || next == STATE_WORDS) {
      int slice = STATE_WORDS;
      if (firstRefills < FIRST_REFILLS) {
        firstRefills++;
        slice = FIRST_SLICE;
      }
      refill(words, spare, slice);
      int[] used = words;
      words = spare;
      spare = used;
      next = 0;
    }
  }

  private static void uniforms(int[] source, int first, float[] target, int at, int count) {
    for (int i = 0; i < count; i++) {
      target[at + i] = (temper(source[first + i]) & 0xFFFFFF) * 0x1p-24f;
    }
  }

  /**
   * The recurrence: 624 new words from 624 old ones, in slices of so many. The first 227 need old
   * words only, the others also new ones.
   */
  private static void refill(int[] old, int[] fresh, int slice) {
    for (int j = 0; j < LAG; j += slice) {
      refillFromOld(old, fresh, j, Math.min(LAG, j + slice));
    }
    for (int j = LAG; j < STATE_WORDS - 1; j += slice) {
      refillFromFresh(old, fresh, j, Math.min(STATE_WORDS - 1, j + slice));
    }
    fresh[STATE_WORDS - 1] = fresh[SHIFT_WORDS - 1] ^ twist(old[STATE_WORDS - 1], fresh[0]);
  }

  private static void refillFromOld(int[] old, int[] fresh, int begin, int end) {
    for (int j = begin; j < end; j++) {
      fresh[j] = old[j + SHIFT_WORDS] ^ twist(old[j], old[j + 1]);
    }
  }

  private static void refillFromFresh(int[] old, int[] fresh, int begin, int end) {
    for (int j = begin; j < end; j++) {
      fresh[j] = fresh[j - LAG] ^ twist(old[j], old[j + 1]);
    }
  }

  private static int twist(int upper, int lower) {
    int mixed = (upper & UPPER_BIT) | (lower & LOWER_BITS);
    return (mixed >>> 1) ^ (-(lower & 1) & MATRIX);
  }

  private static int temper(int word) {
    int y = word;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9D2C5680;
    y ^= (y << 15) & 0xEFC60000;
    return y ^ (y >>> 18);
  }
}
