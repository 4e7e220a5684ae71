package dev.embedcl.opencl;

import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;

/**
 * Waits for a queue's commands, for ever or up to a limit. A kernel that never ends cannot be
 * stopped, and neither can a thread that waits for it: with a limit, a thread of its own waits.
 */
final class CommandWait {
  /** The system property that holds the limit in seconds; 0, the default, means none. */
  static final String PROPERTY = "embedcl.timeout";

  /** The environment variable that is asked where the property is not set. */
  static final String VARIABLE = "EMBEDCL_TIMEOUT";

  /** Threads end when they have had nothing to wait for, and never keep the process alive. */
  private static final ExecutorService WAITERS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("embedcl-wait-", 0).factory());

  private final IntSupplier finish;
  private final String device;
  private final long limitSeconds;

  /** Waits that have run out, and go on until they are done. */
  private final Collection<Future<Integer>> overdue = new ConcurrentLinkedQueue<>();

  /**
   * Makes a wait.
   *
   * @param finish waits without limit and returns a status code
   * @param limitSeconds how long, 0 for ever
   */
  CommandWait(IntSupplier finish, String device, long limitSeconds) {
    this.finish = finish;
    this.device = device;
    this.limitSeconds = limitSeconds;
  }

  /**
   * Returns the limit that the user gave.
   *
   * @throws IllegalArgumentException if that is not a number of seconds
   */
  static long configuredSeconds() {
    String text = System.getProperty(PROPERTY);
    if (text == null) {
      text = System.getenv(VARIABLE);
    }
    try {
      return text == null ? 0 : Integer.toUnsignedLong(Integer.parseUnsignedInt(text.strip()));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          PROPERTY
              + " = '"
              + text
              + "' is not a number of seconds; leave it out or give 0 to wait without limit",
          e);
    }
  }

  /**
   * Waits for everything enqueued so far.
   *
   * @throws OpenClTimeoutException if the limit runs out
   * @throws OpenClException if a command failed
   */
  void finish() {
    await("clFinish", finish);
  }

  /**
   * Waits as {@link #finish} does if there is a limit: what follows then finds nothing to wait for.
   */
  void finishIfLimited() {
    if (limitSeconds > 0) {
      finish();
    }
  }

  /**
   * Makes a call that waits for commands and returns a status code.
   *
   * @throws OpenClTimeoutException if the limit runs out
   * @throws OpenClException if a command failed
   */
  void await(String call, IntSupplier nativeWait) {
    JoclCall.check(call, limitSeconds == 0 ? JoclCall.status(nativeWait) : inTime(nativeWait));
  }

  /** Returns whether a wait has run out, and the commands it waited for still run. */
  boolean isOverdue() {
    overdue.removeIf(Future::isDone);
    return !overdue.isEmpty();
  }

  private int inTime(IntSupplier nativeWait) {
    boolean interrupted = false;
    Future<Integer> status = WAITERS.submit(() -> JoclCall.status(nativeWait));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(limitSeconds);
    try {
      while (true) {
        try {
          return status.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // an OpenCL call does not heed interruption either
        }
      }
    } catch (TimeoutException e) {
      overdue.add(status);
      throw new OpenClTimeoutException(device, limitSeconds, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("waiting for " + device + " failed", e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
