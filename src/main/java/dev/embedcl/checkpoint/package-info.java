/**
 * A training run in a file: {@link dev.embedcl.checkpoint.Checkpoint} saves weights, the state of
 * optimizers and generators and the step, and restores them bit for bit, on whatever backend.
 *
 * <p>{@link dev.embedcl.checkpoint.QuantizedFile} does so for a table of 8 bits.
 *
 * <p>Stands above {@code nn} and {@code optim}, which know nothing of files, and {@code io}, which
 * knows nothing of training. May import {@code nn}, {@code optim}, {@code backend}, {@code init},
 * {@code io}, {@code op} and {@code memory}.
 */
@NullMarked
package dev.embedcl.checkpoint;

import org.jspecify.annotations.NullMarked;
