package dev.embedcl.nn;

import java.util.Locale;

/**
 * What {@link GradCheck} found.
 *
 * @param checked how many elements were compared
 * @param failed how many of them differ by more than their tolerance
 * @param worst the element whose difference is largest beside its tolerance
 */
public record GradCheckReport(int checked, int failed, Element worst) {

  /**
   * One element of a gradient.
   *
   * @param parameter the parameter's name
   * @param row its row
   * @param column its column
   * @param expected what central differences say
   * @param found what {@code backward} gave
   * @param tolerance by how much they may differ for roundings alone
   */
  public record Element(
      String parameter, long row, int column, double expected, double found, double tolerance) {

    /** Returns the difference in units of the tolerance; 0 for none, whatever the tolerance. */
    public double excess() {
      double difference = Math.abs(found - expected);
      if (difference == 0) {
        return 0;
      }
      double ratio = difference / tolerance;
      // Not a number on either side is as wrong as can be.
      return Double.isNaN(ratio) ? Double.POSITIVE_INFINITY : ratio;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s[%d, %d]: expected %.9g, found %.9g, difference %.3g, tolerance %.3g",
          parameter,
          row,
          column,
          expected,
          found,
          Math.abs(found - expected),
          tolerance);
    }
  }

  /** Returns whether every element is within its tolerance. */
  public boolean passed() {
    return failed == 0;
  }

  /**
   * Returns this if the check was passed.
   *
   * @throws AssertionError with the report if it was not
   */
  public GradCheckReport orThrow() {
    if (!passed()) {
      throw new AssertionError(toString());
    }
    return this;
  }

  /** Returns one line: the verdict, how many elements, and the worst of them. */
  @Override
  public String toString() {
    return (passed() ? "gradient is right" : "gradient is wrong")
        + ": "
        + failed
        + " of "
        + checked
        + " elements differ too much; worst is "
        + worst;
  }
}
