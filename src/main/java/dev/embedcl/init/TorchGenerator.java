package dev.embedcl.init;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * PyTorch's random generator for the CPU ({@code torch.Generator}, {@code torch.manual_seed}): from
 * one seed, the same uniform and normal floats bit for bit, on every machine.
 *
 * <p>One generator draws one stream. Tensors filled one after the other continue it, so the order
 * of fills is part of the result; a fill of fewer than 16 normal values may also leave a value
 * behind for the next such fill, as in PyTorch.
 *
 * <pre>{@code
 * var generator = new TorchGenerator(123);          // torch.manual_seed(123)
 * generator.fillNormal(tokens.segment(), 0, 1);     // nn.Embedding(50257, 256)
 * generator.fillNormal(positions.segment(), 0, 1);  // nn.Embedding(4, 256)
 * }</pre>
 *
 * <p>Not for use by several threads at a time. The segments filled hold little-endian floats.
 */
public final class TorchGenerator {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Floats made at a time: small enough to stay in the first-level cache until they are copied out.
   */
  private static final int CHUNK = 4096;

  private final MersenneTwister twister = new MersenneTwister();
  private final CpuCapability capability;
  private final NormalBlocks normalBlocks;
  private long initialSeed;

  /** The second normal value of a pair made by {@link #nextNormal}, NaN if there is none. */
  private double cachedNormal;

  /**
   * Creates a generator that draws what {@code torch.manual_seed(seed)} draws on a processor with
   * AVX2.
   */
  public TorchGenerator(long seed) {
    this(seed, CpuCapability.AVX2);
  }

  /** Creates a generator that rounds as PyTorch does with {@code capability}. */
  public TorchGenerator(long seed, CpuCapability capability) {
    this.capability = capability;
    this.normalBlocks = new NormalBlocks(twister, capability);
    seed(seed);
  }

  /**
   * Starts over, as {@code torch.manual_seed(seed)}. Only the lower 32 bits choose the stream, as
   * in PyTorch; a negative seed stands for itself plus 2^64.
   */
  public void seed(long seed) {
    initialSeed = seed;
    twister.seed(seed);
    cachedNormal = Double.NaN;
  }

  /** Returns the seed last given, all 64 bits of it. */
  public long initialSeed() {
    return initialSeed;
  }

  /** Returns which of PyTorch's arithmetics this generator follows. */
  public CpuCapability capability() {
    return capability;
  }

  /** Draws 32 random bits: one step of the stream, on which everything else is built. */
  public int nextInt() {
    return twister.nextInt();
  }

  /** Draws a double in [0, 1), a multiple of 2^-53: two steps of the stream. */
  public double nextDouble() {
    long high = twister.nextInt();
    long low = twister.nextInt() & 0xFFFFFFFFL;
    return ((high << 32 | low) & ((1L << 53) - 1)) * 0x1p-53;
  }

  /**
   * Fills with uniform floats, as {@code tensor.uniform_(from, to)}: one step of the stream per
   * element.
   *
   * <p>Each is a multiple of 2^-24 in [0, 1), times {@code to - from}, plus {@code from}, in float
   * arithmetic: with one rounding for {@link CpuCapability#AVX2}, with two for {@link
   * CpuCapability#DEFAULT}. Rounding can reach {@code to}.
   *
   * @param target as many floats as it holds; native or heap, of any size
   * @throws IllegalArgumentException if {@code from > to}, a bound or the distance between them is
   *     not a finite float, or {@code target} is read-only or does not hold whole floats
   */
  public void fillUniform(MemorySegment target, double from, double to) {
    float low = finite("from", from);
    float range = finite("to", to) - low;
    if (!(from <= to)) {
      throw new IllegalArgumentException("from = " + from + " exceeds to = " + to + "; swap them");
    }
    if (Float.isInfinite(range)) {
      throw new IllegalArgumentException(
          "to - from = " + (to - from) + " exceeds the largest float " + Float.MAX_VALUE);
    }
    long elements = elements(target);
    float[] chunk = new float[(int) Math.min(elements, CHUNK)];
    for (long first = 0; first < elements; first += CHUNK) {
      int count = (int) Math.min(elements - first, CHUNK);
      twister.fillUniform(chunk, count);
      capability.scale(chunk, count, range, low);
      copy(chunk, target, first, count);
    }
  }

  /**
   * Fills with normal floats of the given mean and standard deviation, as {@code
   * tensor.normal_(mean, std)} for a contiguous tensor.
   *
   * <p>From 16 elements on, the stream gives a uniform number per element, and the Box-Muller
   * transform makes normal ones of each block of 16; if the count is not a multiple of 16, the last
   * 16 elements are drawn once more, which takes 16 further steps. Fewer elements are computed in
   * double precision one pair at a time, the odd value being kept for the next fill of fewer than
   * 16.
   *
   * <p>Threads of the common pool take part from some 100,000 elements on; the values are the same
   * for any number of them.
   *
   * @param target as many floats as it holds; native or heap, of any size
   * @throws IllegalArgumentException if {@code std} is negative, {@code mean} or {@code std} is not
   *     a finite float, or {@code target} is read-only or does not hold whole floats
   */
  public void fillNormal(MemorySegment target, double mean, double std) {
    float meanFloat = finite("mean", mean);
    float stdFloat = finite("std", std);
    if (std < 0) {
      throw new IllegalArgumentException("std = " + std + " is negative; give 0 or more");
    }
    long elements = elements(target);
    if (elements < BoxMuller.BLOCK) {
      for (long i = 0; i < elements; i++) {
        target.set(FLOAT, i * Float.BYTES, (float) (nextNormal() * std + mean));
      }
      return;
    }
    int rest = (int) (elements % BoxMuller.BLOCK);
    long inBlocks = (elements - rest) * Float.BYTES;
    normalBlocks.fill(target.asSlice(0, inBlocks), meanFloat, stdFloat);
    if (rest != 0) {
      // The elements beyond the last block take their step of the stream, but what they draw is
      // overwritten.
      for (int i = 0; i < rest; i++) {
        twister.nextInt();
      }
      long last = (elements - BoxMuller.BLOCK) * Float.BYTES;
      normalBlocks.fill(target.asSlice(last), meanFloat, stdFloat);
    }
  }

  /**
   * Fills with normal doubles, as {@code tensor.normal_(mean, std)} for a contiguous float64
   * tensor.
   *
   * <p>The stream and the transform are those of {@link #fillNormal}, with uniform doubles of two
   * steps each and in double arithmetic with {@link StrictMath}: the same bits on every machine,
   * and as PyTorch's but for the last bits of some 6 % of the values, since that takes logarithms,
   * sines and cosines from the C library, whatever {@link #capability} is.
   *
   * @param target as many doubles as it holds; native or heap, of any size
   * @throws IllegalArgumentException if {@code std} is negative, {@code mean} or {@code std} is not
   *     finite, or {@code target} is read-only or does not hold whole doubles
   */
  public void fillNormalDoubles(MemorySegment target, double mean, double std) {
    new NormalDoubles(this).fill(target, mean, std);
  }

  /**
   * Returns the whole state: what {@code torch.get_rng_state()} returns after the same draws, and
   * what {@code torch.set_rng_state} accepts.
   */
  public byte[] state() {
    return new TorchGeneratorState(initialSeed, twister.words(), twister.next(), cachedNormal)
        .toBytes();
  }

  /**
   * Takes over a state from {@link #state} or from {@code torch.get_rng_state()}; the stream goes
   * on where it was saved. The capability of this generator stays what it is.
   *
   * @throws IllegalArgumentException if {@code state} is not a state of this generator; nothing is
   *     changed then
   */
  public void restore(byte[] state) {
    TorchGeneratorState saved = TorchGeneratorState.fromBytes(state);
    initialSeed = saved.initialSeed();
    twister.restore(saved.words(), saved.next());
    cachedNormal = saved.cachedNormal();
  }

  /**
   * Draws a standard normal double: the one left from the last pair, else the first of a new pair.
   */
  double nextNormal() {
    if (!Double.isNaN(cachedNormal)) {
      double normal = cachedNormal;
      cachedNormal = Double.NaN;
      return normal;
    }
    double u1 = nextDouble();
    double u2 = nextDouble();
    // StrictMath: the same bits on every machine, at most the last bit of a double away from a C
    // library's.
    double radius = Math.sqrt(-2 * StrictMath.log1p(-u2));
    double theta = 2 * Math.PI * u1;
    cachedNormal = radius * StrictMath.sin(theta);
    return radius * StrictMath.cos(theta);
  }

  private static void copy(float[] chunk, MemorySegment target, long first, int count) {
    MemorySegment.copy(chunk, 0, target, FLOAT, first * Float.BYTES, count);
  }

  private static long elements(MemorySegment target) {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only; give memory that may be written");
    }
    if (target.byteSize() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "target has " + target.byteSize() + " bytes, not a multiple of " + Float.BYTES);
    }
    return target.byteSize() / Float.BYTES;
  }

  private static float finite(String name, double value) {
    if (!Float.isFinite((float) value)) {
      throw new IllegalArgumentException(
          name + " = " + value + " is not a finite float; give one of at most " + Float.MAX_VALUE);
    }
    return (float) value;
  }
}
