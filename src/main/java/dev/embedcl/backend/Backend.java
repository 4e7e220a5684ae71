package dev.embedcl.backend;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Operation;

/**
 * One device that executes operations on buffers of its own, in the order they are enqueued.
 *
 * <p>Any thread may call any method. Each operation is enqueued as a whole; operations of one
 * thread run in its order. Closing a backend closes its buffers; whoever uses either afterwards
 * gets an {@link IllegalStateException} that names it.
 *
 * <p>A decorator needs these five methods only: {@link #execute} takes an {@link Operation} as it
 * is, and buffers pass through.
 */
public interface Backend extends AutoCloseable {

  /** Returns what is known of the device. */
  DeviceInfo device();

  /**
   * Allocates a zero-filled buffer, to be closed by the caller (or with this backend).
   *
   * @param elements the number of elements, 0 allowed
   * @throws IllegalArgumentException if {@code elements} is negative or its bytes exceed 2^63-1
   * @throws DeviceMemoryException if the device cannot hold it; the message names the bytes needed
   *     and those available
   * @throws IllegalStateException if this backend was closed
   */
  DeviceBuffer allocate(DType type, long elements);

  /**
   * Allocates as {@link #allocate} does, but with whatever the memory held before: for buffers that
   * the next operation fills, which saves the time of writing zeros.
   *
   * @param elements the number of elements, 0 allowed
   * @throws IllegalArgumentException as {@link #allocate}
   * @throws DeviceMemoryException as {@link #allocate}
   * @throws IllegalStateException if this backend was closed
   */
  DeviceBuffer allocateUninitialized(DType type, long elements);

  /**
   * Enqueues an operation, and may return before it has run. What the operation reads of host
   * memory ({@link dev.embedcl.op.IndexGroups}) has been taken when this returns.
   *
   * @throws IllegalArgumentException if a buffer of the operation belongs to another backend, or
   *     the operation {@link Operation#isFloat64 is float64} and this backend has no such
   *     arithmetic, as pure Java alone has; nothing is enqueued then
   * @throws IllegalStateException if this backend or a buffer of the operation was closed
   */
  void execute(Operation operation);

  /**
   * Waits until everything enqueued has run.
   *
   * @throws IndexOutOfBoundsException if an operation since the last call met an id out of range;
   *     names the first position, its id and the limit
   * @throws IllegalStateException if this backend was closed
   */
  void synchronize();

  /** Waits for what is enqueued, then frees all; further calls do nothing. */
  @Override
  void close();
}
