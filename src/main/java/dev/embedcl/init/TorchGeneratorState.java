package dev.embedcl.init;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The state of a {@link TorchGenerator} and its bytes, which are those of {@code
 * torch.get_rng_state()}: 5,056 bytes, little-endian.
 *
 * <pre>
 *     0  u64       seed
 *     8  i32       words left until the next refill, plus 1
 *    12  i32       1: seeded
 *    16  u64       index of the next word
 *    24  u64[624]  words, 32 bits used of each
 *  5016  f64       unused, 0
 *  5024  f64       cached normal value
 *  5032  f64       unused, 0
 *  5040  i32       1 if there is a cached normal value, then 4 bytes unused
 *  5048  f32, u8   a cached float that filling tensors neither makes nor uses, then 3 bytes unused
 * </pre>
 *
 * @param next index of the next word: 0 just after seeding, else in [1, 624]
 * @param cachedNormal NaN if there is none
 */
@SuppressWarnings(
    "ArrayRecordComponent") // never compared: lives only between a generator and its bytes
record TorchGeneratorState(long initialSeed, int[] words, int next, double cachedNormal) {
  private static final int BYTES = 5056;
  private static final int LEFT_OFFSET = 8;
  private static final int SEEDED_OFFSET = 12;
  private static final int NEXT_OFFSET = 16;
  private static final int WORDS_OFFSET = 24;
  private static final int NORMAL_OFFSET = 5024;
  private static final int NORMAL_VALID_OFFSET = 5040;

  byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(0, initialSeed);
    bytes.putInt(LEFT_OFFSET, left(next));
    bytes.putInt(SEEDED_OFFSET, 1);
    bytes.putLong(NEXT_OFFSET, next);
    for (int i = 0; i < words.length; i++) {
      bytes.putLong(WORDS_OFFSET + i * Long.BYTES, Integer.toUnsignedLong(words[i]));
    }
    if (!Double.isNaN(cachedNormal)) {
      bytes.putDouble(NORMAL_OFFSET, cachedNormal);
      bytes.putInt(NORMAL_VALID_OFFSET, 1);
    }
    return bytes.array();
  }

  static TorchGeneratorState fromBytes(byte[] state) {
    if (state.length != BYTES) {
      throw new IllegalArgumentException(
          "generator state has "
              + state.length
              + " bytes; one of torch.get_rng_state() has "
              + BYTES);
    }
    ByteBuffer bytes = ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN);
    long next = bytes.getLong(NEXT_OFFSET);
    int left = bytes.getInt(LEFT_OFFSET);
    int seeded = bytes.getInt(SEEDED_OFFSET);
    if (seeded != 1 || next < 0 || next > MersenneTwister.STATE_WORDS || left != left((int) next)) {
      throw new IllegalArgumentException(
          "generator state is damaged: seeded = "
              + seeded
              + ", next word = "
              + next
              + ", left = "
              + left
              + "; save it again with state() or torch.get_rng_state()");
    }
    int[] words = new int[MersenneTwister.STATE_WORDS];
    for (int i = 0; i < words.length; i++) {
      long word = bytes.getLong(WORDS_OFFSET + i * Long.BYTES);
      if (word >>> Integer.SIZE != 0) {
        throw new IllegalArgumentException(
            "generator state is damaged: word " + i + " = " + word + " exceeds 32 bits");
      }
      words[i] = (int) word;
    }
    boolean cached = bytes.getInt(NORMAL_VALID_OFFSET) != 0;
    double normal = bytes.getDouble(NORMAL_OFFSET);
    if (cached && Double.isNaN(normal)) {
      throw new IllegalArgumentException("generator state is damaged: its cached normal is NaN");
    }
    return new TorchGeneratorState(
        bytes.getLong(0), words, (int) next, cached ? normal : Double.NaN);
  }

  /**
   * PyTorch counts down to the refill beside counting up: 1 just after seeding, else 625 minus the
   * next index.
   */
  private static int left(int next) {
    return next == 0 ? 1 : MersenneTwister.STATE_WORDS + 1 - next;
  }
}
