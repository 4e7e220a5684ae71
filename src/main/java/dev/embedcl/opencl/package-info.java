/**
 * Owning wrappers over OpenCL: platforms, devices, contexts, queues, buffers, programs, kernels and
 * events, each with one owner, checked arguments and errors that say number, symbol, call and cure.
 *
 * <p>Objects and queries go through JOCL; the calls that hand over host memory or launch a kernel
 * bind the same OpenCL library through the foreign-function interface, which keeps a segment's
 * arena open during the call, knows no 2 GiB limit and allocates nothing.
 *
 * <p>Imports JOCL and the JDK only, and is the only package that imports {@code org.jocl}.
 */
@NullMarked
package dev.embedcl.opencl;

import org.jspecify.annotations.NullMarked;
