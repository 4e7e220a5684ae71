/**
 * First values of weights, reproducible from a seed: PyTorch's CPU random stream and the
 * initializers that draw from it.
 *
 * <p>Imports {@code dev.embedcl.memory} and the JDK, nothing else of EmbedCL.
 */
@NullMarked
package dev.embedcl.init;

import org.jspecify.annotations.NullMarked;
