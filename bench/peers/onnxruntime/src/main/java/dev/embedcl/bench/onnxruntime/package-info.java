/** Benchmarks of ONNX Runtime, through its own Java binding; nothing of EmbedCL. */
@NullMarked
package dev.embedcl.bench.onnxruntime;

import org.jspecify.annotations.NullMarked;
