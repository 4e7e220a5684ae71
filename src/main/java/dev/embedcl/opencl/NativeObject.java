package dev.embedcl.opencl;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Something native with one owner, which is released exactly once: by {@code close}, or, where
 * another thread is inside a call with it at that moment, by that thread as it leaves.
 */
abstract class NativeObject implements AutoCloseable {
  /** Set in the state once closed; the other bits count the calls that use the object now. */
  private static final int CLOSED = 1 << 31;

  private final AtomicInteger state = new AtomicInteger();

  /** To be called where the native object exists and nothing can fail any more. */
  NativeObject() {
    LiveObjects.created();
  }

  /** Releases the native object; called once, when it is closed and nobody uses it. */
  abstract void destroy();

  /** Says which object this is, for messages. */
  @Override
  public abstract String toString();

  /**
   * Keeps the native object alive until {@link #leave}.
   *
   * @throws IllegalStateException if this object was closed
   */
  final void enter() {
    if (!tryEnter()) {
      throw closedException();
    }
  }

  /** Keeps the native object alive until {@link #leave}; returns false if it was closed. */
  final boolean tryEnter() {
    int before;
    do {
      before = state.get();
      if (before < 0) {
        return false;
      }
    } while (!state.compareAndSet(before, before + 1));
    return true;
  }

  /** Ends what {@link #enter} began. */
  final void leave() {
    if (state.decrementAndGet() == CLOSED) {
      release();
    }
  }

  /**
   * Throws if this object was closed.
   *
   * @throws IllegalStateException if so
   */
  final void checkOpen() {
    if (state.get() < 0) {
      throw closedException();
    }
  }

  /** Returns whether {@link #close} was called. */
  public final boolean isClosed() {
    return state.get() < 0;
  }

  /**
   * Releases this object, now or when the last call that uses it returns; every later use throws
   * {@link IllegalStateException}. Further calls do nothing.
   */
  @Override
  public final void close() {
    int before;
    do {
      before = state.get();
      if (before < 0) {
        return;
      }
    } while (!state.compareAndSet(before, before | CLOSED));
    if (before == 0) {
      release();
    }
  }

  private void release() {
    try {
      destroy();
    } finally {
      LiveObjects.released();
    }
  }

  private IllegalStateException closedException() {
    return new IllegalStateException(this + " is closed");
  }
}
