/**
 * What data is, wherever it lives: element types, shapes, tensors in host memory and the contract
 * of a buffer in device memory.
 *
 * <p>Imports nothing else of EmbedCL; every other package may import this one.
 */
@NullMarked
package dev.embedcl.memory;

import org.jspecify.annotations.NullMarked;
