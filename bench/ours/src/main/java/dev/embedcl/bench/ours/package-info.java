/**
 * Benchmarks of EmbedCL: its pure-Java backend and the OpenCL device that it prefers. May import
 * every package of EmbedCL.
 */
@NullMarked
package dev.embedcl.bench.ours;

import org.jspecify.annotations.NullMarked;
