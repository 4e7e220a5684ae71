/** Benchmarks of PyTorch's C++ library, called through JavaCPP's presets; nothing of EmbedCL. */
@NullMarked
package dev.embedcl.bench.pytorch;

import org.jspecify.annotations.NullMarked;
