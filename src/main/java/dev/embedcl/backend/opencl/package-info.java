/**
 * Operations on OpenCL devices: one class per operation that enqueues the kernels of the same stem,
 * and what they share. {@link dev.embedcl.backend.opencl.OpenClBackend} is the door, also for
 * callers who bring their own context and queue.
 *
 * <p>How work is cut for a device is a {@link dev.embedcl.backend.opencl.LaunchProfile}: from
 * {@code launch-profiles.json}, or measured on the machine itself and kept by {@link
 * dev.embedcl.backend.opencl.TunedProfiles}. Without jackson-core on the class path neither is
 * read, and profiles follow from the type of the device alone.
 *
 * <p>May import {@code backend}, {@code op}, {@code memory} and {@code opencl}.
 */
@NullMarked
package dev.embedcl.backend.opencl;

import org.jspecify.annotations.NullMarked;
