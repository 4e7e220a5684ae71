package dev.embedcl.op;

/** In which order the contributions to one row of a gradient are added. */
public enum Accumulation {
  /**
   * In input order, in blocks of {@link IndexGroups#BLOCK}: a block's sum starts from its first
   * contribution and adds the others one after the other; the block sums are added in order. A
   * row's sum depends on its own contributions alone, and is the same to the bit on every backend.
   */
  DETERMINISTIC,
  /**
   * As they come, with float atomics. Fast where the hardware has them; two runs may differ in the
   * last bits. The CPU backend has no need of it and sums as {@link #DETERMINISTIC}.
   */
  ATOMIC
}
