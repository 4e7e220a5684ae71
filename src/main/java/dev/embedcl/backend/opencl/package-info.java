/**
 * Operations on OpenCL devices: one class per operation that enqueues the kernels of the same stem,
 * and what they share. {@link dev.embedcl.backend.opencl.OpenClBackend} is the door, also for
 * callers who bring their own context and queue.
 *
 * <p>May import {@code backend}, {@code op}, {@code memory} and {@code opencl}.
 */
@NullMarked
package dev.embedcl.backend.opencl;

import org.jspecify.annotations.NullMarked;
