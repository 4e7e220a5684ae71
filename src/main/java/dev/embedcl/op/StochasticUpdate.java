package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import org.jspecify.annotations.Nullable;

/**
 * Another update of a table stored in 16 bits, whose results are rounded up or down at random: up
 * with the probability that makes the expected result the exact one. Changes far smaller than the
 * distance between two numbers, which rounding to the nearest would lose every time, so add up over
 * many steps.
 *
 * <p>The random bits r of an element are a function of the seed, the step and the element's number
 * e = row · columns + column alone, and so the same everywhere: word e mod 4 of Philox4x32-10
 * (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the
 * constants are those of its authors' library Random123) with the counter (⌊e / 4⌋ low, ⌊e / 4⌋
 * high, step low, step high) and the key (seed low, seed high), in words of 32 bits.
 *
 * <p>Of the magnitude of a result, as the 32 bits of a float32, the lowest 16 for bfloat16, or 13
 * for float16, are dropped after as many of the lowest bits of r were added as an integer. Below
 * 2^-14 float16 has subnormal numbers, all of them multiples of 2^-24: there the magnitude in units
 * of 2^-24 is rounded up where its fraction exceeds ⌊r / 2^8⌋ · 2^-24. A number that is exactly
 * representable stays as it is, infinities and NaNs included. A result beyond the largest finite
 * number may become infinite.
 *
 * @param formula moves the rows; no other of this kind, and no sum of gradients
 * @param seed any number
 * @param step any number, another one for each step of a table
 */
public record StochasticUpdate(RowUpdate formula, long seed, long step) implements RowUpdate {

  /**
   * Checks the update.
   *
   * @throws IllegalArgumentException if {@code formula} is itself of this kind, or its table is
   *     float32, of which nothing is rounded
   */
  public StochasticUpdate {
    requireArgument(
        !(formula instanceof StochasticUpdate),
        "an update that is rounded twice; give its formula");
    requireArgument(
        formula.table().type() != DType.FLOAT32,
        "a FLOAT32 table has nothing to round; give the update itself, or a table of 16 bits");
  }

  @Override
  public Matrix table() {
    return formula.table();
  }

  @Override
  public @Nullable Matrix firstState() {
    return formula.firstState();
  }

  @Override
  public @Nullable Matrix secondState() {
    return formula.secondState();
  }
}
