package dev.embedcl.optim;

import java.util.OptionalLong;

/**
 * How an optimizer rounds the weights of tables stored in 16 bits; of float32 tables nothing is
 * rounded twice.
 *
 * @param seed of {@link #stochastic} rounding; empty for the nearest number
 */
public record Rounding(OptionalLong seed) {
  private static final Rounding NEAREST = new Rounding(OptionalLong.empty());

  /** Returns the rounding to the nearest number, to the even one of two: the default. */
  public static Rounding nearest() {
    return NEAREST;
  }

  /**
   * Returns the rounding up or down at random, without bias, so that many small steps add up that
   * would each be lost; see {@link dev.embedcl.op.StochasticUpdate}. The same seed gives the same
   * bits on every backend. Elements of equal number of an optimizer's tables share their random
   * bits in steps of equal number.
   */
  public static Rounding stochastic(long seed) {
    return new Rounding(OptionalLong.of(seed));
  }
}
