/**
 * What changes the parameters: optimizers, each as a fused step from the gradient of one batch and
 * as a dense step from the gradients that {@code backward} left in the parameters. An optimizer
 * turns its step into a {@link dev.embedcl.op.RowUpdate} for each parameter and owns the state that
 * this takes.
 *
 * <p>May import {@code nn}, {@code backend}, {@code op} and {@code memory}.
 */
@NullMarked
package dev.embedcl.optim;

import org.jspecify.annotations.NullMarked;
