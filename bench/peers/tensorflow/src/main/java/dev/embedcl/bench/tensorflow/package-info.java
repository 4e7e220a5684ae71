/** Benchmarks of TensorFlow, through its own Java binding; nothing of EmbedCL. */
@NullMarked
package dev.embedcl.bench.tensorflow;

import org.jspecify.annotations.NullMarked;
