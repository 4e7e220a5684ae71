/**
 * The backend in pure Java: one class per operation, over off-heap memory, on as many threads as
 * there are processors. It needs no driver and no native code, and its results are the reference
 * that every other backend has to meet to the bit.
 *
 * <p>{@link dev.embedcl.backend.cpu.CpuBackend} is the door. An operation's class cuts its work
 * into chunks, {@code CpuWorkers} hands them to threads, and the innermost loops are {@code
 * RowKernels}, once with the Vector API and once in plain Java. May import {@code backend}, {@code
 * op} and {@code memory}; knows nothing of other backends.
 */
@NullMarked
package dev.embedcl.backend.cpu;

import org.jspecify.annotations.NullMarked;
