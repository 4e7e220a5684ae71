/** Benchmarks of DJL with its PyTorch engine; nothing of EmbedCL. */
@NullMarked
package dev.embedcl.bench.djl;

import org.jspecify.annotations.NullMarked;
