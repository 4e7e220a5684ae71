package dev.embedcl.opencl;

import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jocl.CLException;

/**
 * Calls JOCL and checks what came back. JOCL throws exceptions of its own if anyone in the process
 * asked it to (the switch is global): they end up as the same status codes here.
 */
final class JoclCall {
  private JoclCall() {}

  /** Makes a call that returns a status code. */
  static int status(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (CLException e) {
      return e.getStatus();
    }
  }

  /**
   * Makes a call that returns a status code.
   *
   * @throws OpenClException if the code is not zero
   */
  static void check(String name, IntSupplier call) {
    check(name, status(call));
  }

  /**
   * Checks a status code.
   *
   * @throws OpenClException if it is not zero
   */
  static void check(String name, int status) {
    if (status != StatusCode.SUCCESS) {
      throw new OpenClException(name, status);
    }
  }

  /**
   * Makes a call that creates something and leaves a status code in an array.
   *
   * @throws OpenClException if the code is not zero
   */
  static <T> T create(String name, Function<int[], T> call) {
    int[] status = new int[1];
    T result;
    try {
      result = call.apply(status);
    } catch (CLException e) {
      throw new OpenClException(name, e.getStatus());
    }
    check(name, status[0]);
    return result;
  }
}
